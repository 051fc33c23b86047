"""The gateway for pollutant monitors: HJ 212 over TCP. What it acknowledges is on disk first and becomes deliveries in landing."""
