"""Statements that try to leave a serving file, change the engine, or stop it; `{secret}` is a file that nobody may read, `{other}` another role's file."""

from itertools import product

FILE_FUNCTIONS = ("read_csv", "read_csv_auto", "read_text", "read_blob", "read_json", "read_json_auto", "read_ndjson", "read_parquet", "parquet_scan", "parquet_metadata", "parquet_schema",
                  "parquet_file_metadata", "parquet_kv_metadata", "glob", "sniff_csv", "delta_scan", "iceberg_scan", "sqlite_scan", "postgres_scan", "read_xlsx", "st_read")  # fmt: skip
PLACES = (
    "select * from {call}",
    "select (select count(*) from {call})",
    "select 1 where exists (select 1 from {call})",
    "with inside as (select * from {call}) select * from inside",
    "with recursive r(n) as (select 1 union all select n + 1 from r, {call} where n < 2) select * from r",
    "select * from mart.release_info, lateral (select * from {call})",
    "select release_id from mart.release_info union all select 'x' from {call}",
    "select * from (values (1)) as v(n) join {call} on true",
    "explain analyze select * from {call}",
    "select /* harmless */ * from /**/ {call} -- end",
    "select count(*) over (partition by (select count(*) from {call})) from mart.release_info",
    "from {call} select *",
)
ENGINE_FUNCTIONS = ("duckdb_settings()", "duckdb_databases()", "duckdb_secrets()", "duckdb_extensions()", "duckdb_functions()", "duckdb_temporary_files()", "duckdb_memory()", "duckdb_logs()", "duckdb_log_contexts()",
                    "duckdb_variables()", "duckdb_optimizers()", "duckdb_external_file_cache()", "pragma_database_list()", "pragma_storage_info('mart.release_info')", "pragma_user_agent()", "pragma_platform()", "pragma_metadata_info()",
                    "pragma_version()", "enable_logging(storage = 'file')", "disable_logging()", "truncate_duckdb_logs()", "enable_profiling()", "force_checkpoint()", "checkpoint()", "which_secret('x', 's3')", "query('select 1')",
                    "query_table('release_info')", "arrow_scan(1, 2, 3)", "arrow_scan_dumb(1, 2, 3)", "pandas_scan(1)", "python_map_function(1)", "seq_scan('release_info')", "test_all_types()", "test_vector_types(1)",
                    "icu_calendar_names()", "pg_timezone_names()", "sql_auto_complete('sel')", "json_execute_serialized_sql('{{}}')", "from_substrait('x')", "repeat_row(1, num_rows = 3)", "summary(select 1)", "reservoir()")  # fmt: skip
NO_SELECT = (
    "attach '{other}' as other", "attach '{other}' as other (read_only)", "attach if not exists '{other}' as o", "attach ':memory:' as m", "detach serve", "use memory",
    "copy (select 1) to '{secret}.out'", "copy mart.release_info to '/tmp/out.parquet' (format parquet)", "copy mart.release_info from '{secret}'", "export database '/tmp/out'", "import database '/tmp/out'",
    "install httpfs", "force install httpfs", "load httpfs", "load '{secret}'", "update extensions", "install spatial from community",
    "set enable_external_access = true", "set lock_configuration = false", "set memory_limit = '64GB'", "set threads = 64", "set temp_directory = '/tmp'", "set allowed_paths = ['/']", "set allowed_directories = ['/']",
    "set extension_directory = '/tmp'", "set search_path = 'main'", "set variable x = 1", "reset memory_limit", "set session schema = 'main'", "set global default_order = 'desc'", "set custom_extension_repository = 'x'",
    "pragma database_list", "pragma enable_profiling", "pragma memory_limit = '64GB'", "pragma table_info('release_info')", "pragma storage_info('release_info')", "pragma force_checkpoint", "pragma show_tables",
    "call enable_logging(storage = 'file')", "call pragma_version()", "call force_checkpoint()", "call duckdb_settings()", "call query('select 1')",
    "create temp table t as select 1", "create table mart.t as select 1", "create view v as select 1", "create macro m() as 1", "create or replace secret s (type s3, key_id 'x')", "create schema x", "create sequence s", "create type t as enum ('a')",
    "insert into mart.release_info values ('x', now(), 1)", "update mart.release_info set release_id = 'x'", "delete from mart.release_info", "drop table mart.release_info", "alter table mart.release_info rename to r", "truncate mart.release_info",
    "merge into mart.release_info using mart.release_info as o on true when matched then delete", "comment on table mart.release_info is 'x'", "vacuum", "analyze", "checkpoint", "begin; drop table mart.release_info; commit",
    "prepare p as select 1", "execute p", "deallocate p", "declare c cursor for select 1",
)  # fmt: skip
STACKED = (
    "select 1; attach '{other}' as other", "select 1;;select * from read_text('{secret}')", "select 1 /* ; */ ; drop table mart.release_info", "select ';' ; set memory_limit = '64GB'", "select 1;\ninstall httpfs;",
    "; ; select * from duckdb_settings()", "select $$;$$ ; copy (select 1) to '/tmp/x'",
)  # fmt: skip
NAMED_FILES = ("select * from '{secret}'", "select * from \"{secret}\"", "select * from '{other}'", "select * from '/etc/passwd.csv'", "from '{secret}'", "select * from 'https://127.0.0.1/x.parquet'", "select * from 's3://bucket/x.parquet'",
               "select * from other.mart.release_info", "select * from '{secret}*'", "select * from 'file:{secret}'")  # fmt: skip
TRICKS = (
    "select * from read_text\u200b('{secret}')", "select * from read＿text('{secret}')", "select * from \uff52ead_text('{secret}')", "select * from re\u00adad_text('{secret}')", "select * from \"read_text\"('{secret}')",
    "select * from READ_TEXT('{secret}')", "select * from Read_Text(lower('{secret}'))", "select * from main.read_text('{secret}')", "select * from system.main.read_text('{secret}')", "select\u00a0*\u2003from read_text('{secret}')",
    "select * from read_text(['{secret}'])", "select * from read_text(getvariable('x'))", "/* explain */ select * from read_text('{secret}')", "--\nselect * from read_text('{secret}')", "select * from read_text(concat('/etc', '/pass', 'wd'))",
    "ＳＥＬＥＣＴ 1", "select 1\u037e attach '{other}' as o", "select 1\uff1b drop table mart.release_info", "\ufeffselect * from read_text('{secret}')", "explain select * from duckdb_secrets()", "explain copy (select 1) to '/tmp/x'",
    "select * from mart.release_info positional join read_text('{secret}')", "pivot read_text('{secret}') on filename", "unpivot read_text('{secret}') on size", "select * exclude (content) from read_text('{secret}')", "select unnest(content) from read_text('{secret}')",
)  # fmt: skip


def statements(secret: str, other: str) -> list[str]:
    """At least 200 of them, each once."""
    calls = [f"{function}('{{secret}}')" for function in FILE_FUNCTIONS]
    in_places = [place.replace("{call}", calls[number % len(calls)]) for number, place in enumerate(PLACES * 4)]
    engine = [place.replace("{call}", call) for place, call in product(PLACES[:2], ENGINE_FUNCTIONS)]
    every = [f"select * from {call}" for call in calls] + in_places + engine + [*NO_SELECT, *STACKED, *NAMED_FILES, *TRICKS]
    return list(dict.fromkeys(text.replace("{{}}", "{}").replace("{secret}", secret).replace("{other}", other) for text in every))
