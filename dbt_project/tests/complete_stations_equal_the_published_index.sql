-- The broadcast publishes its own index: at a station with all six pollutants ours must be the same, in value, level and primary pollutants.
-- Editions after 2012 await a published hour to be held against.
select station_code, observed_at, aqi, published_aqi, primary_pollutants_zh, published_primary_pollutants_zh
from {{ ref('mart_environment__air_quality') }}
where is_complete and not equals_published and standard = 'HJ 633-2012'
