import pytest

from mono_recon.warehouse.permitted import QuestionError, check

TABLES = [("report", "issues"), ("report", "latest_breaks"), ("core", "banks"), ("raw", "deliveries")]

MAY_BE_ASKED = [
    "SELECT 1",
    "VALUES (1), (2)",
    "FROM issues",
    "TABLE banks",
    'SELECT "Version" FROM "Issues"',
    "SELECT * FROM mono.raw.deliveries JOIN core.banks ON true",
    "WITH late AS (FROM latest_breaks), later AS (FROM late) SELECT (SELECT count(*) FROM later) FROM late",
    "WITH RECURSIVE days AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM days WHERE n < 9) FROM days",
    "FROM issues AT (VERSION => 3)",
    "FROM mono.snapshots()",
    "FROM mono.table_changes('issues', 1, 2)",
    "SELECT * FROM issues, unnest([1, 2]), range(3), generate_series(1, 2)",
    "SELECT * FROM (PIVOT issues ON verdict IN ('breaks') USING count(*))",
    "UNPIVOT issues ON version, verdict INTO NAME name VALUE value",
    "DESCRIBE issues",
    "SUMMARIZE issues",
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'issues'",
    "FROM information_schema.columns",
    "SELECT list_transform([1], lambda x: x + 1), pesos(1), mono.report.business_date(now()), version()",
    "-- only a comment\nSELECT 'DROP TABLE issues; COPY issues TO ''x''' AS text /* ATTACH */;",
]


@pytest.mark.parametrize("sql", MAY_BE_ASKED)
def test_one_select_over_the_lake_may_be_asked_in_any_form(sql: str) -> None:
    check(sql, TABLES)


NO_SELECT = [
    "",
    "-- nothing",
    "SELECT",
    "INSERT INTO issues VALUES (1)",
    "UPDATE issues SET version = 1",
    "DELETE FROM issues",
    "TRUNCATE issues",
    "MERGE INTO issues USING banks ON true WHEN MATCHED THEN DELETE",
    "WITH gone AS (DELETE FROM issues RETURNING *) FROM gone",
    "CREATE TABLE t AS FROM issues",
    "CREATE TEMP MACRO m(x) AS x",
    "CREATE SECRET (TYPE s3, KEY_ID 'a')",
    "DROP TABLE issues",
    "ALTER TABLE issues ADD COLUMN x INT",
    "COMMENT ON TABLE issues IS 'x'",
    "COPY issues TO 'out.csv'",
    "COPY (SELECT 1) TO '/dev/stdout'",
    "COPY issues FROM 'in.csv'",
    "ATTACH 'other.db'",
    "DETACH mono",
    "USE memory",
    "INSTALL httpfs",
    "LOAD 'httpfs'",
    "SET memory_limit = '1TB'",
    "SET VARIABLE x = 1",
    "RESET threads",
    "PRAGMA database_list",
    "PRAGMA table_info('issues')",
    "CALL mono.set_option('parquet_compression', 'zstd')",
    "CALL ducklake_expire_snapshots('mono')",
    "EXPORT DATABASE 'x'",
    "IMPORT DATABASE 'x'",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "BEGIN",
    "COMMIT",
    "CHECKPOINT",
    "VACUUM",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE issues",
]


@pytest.mark.parametrize("sql", NO_SELECT)
def test_anything_that_is_not_one_select_is_refused(sql: str) -> None:
    with pytest.raises(QuestionError, match="ask one SELECT"):
        check(sql, TABLES)


READING_ELSEWHERE = [
    "read_csv('x')",
    "read_csv_auto('x')",
    "read_json('x')",
    "read_json_objects('x')",
    "read_ndjson('x')",
    "read_parquet('x')",
    "read_text('x')",
    "read_blob('x')",
    "read_duckdb('x')",
    "parquet_scan('x')",
    "parquet_metadata('x')",
    "parquet_schema('x')",
    "parquet_kv_metadata('x')",
    "parquet_bloom_probe('x', 'a', 1)",
    "sniff_csv('x')",
    "glob('*')",
    "sqlite_scan('x', 'y')",
    "sqlite_query('x', 'y')",
    "sqlite_attach('x')",
    "postgres_scan('x', 'y', 'z')",
    "postgres_query('x', 'y')",
    "query('SELECT 1')",
    "query_table('issues')",
    "json_execute_serialized_sql('{}')",
    "duckdb_secrets()",
    "which_secret('x', 's3')",
    "duckdb_settings()",
    "duckdb_logs()",
    "duckdb_databases()",
    "duckdb_extensions()",
    "duckdb_temporary_files()",
    "pragma_database_size()",
    "ducklake_set_option('mono', 'a', 'b')",
    "ducklake_expire_snapshots('mono')",
    "ducklake_cleanup_old_files('mono')",
    "ducklake_add_data_files('mono', 'issues', 'x')",
    "ducklake_merge_adjacent_files('mono')",
    "ducklake_delete_orphaned_files('mono')",
    "ducklake_list_files('mono', 'issues')",
    "mono.set_option('a', 'b')",
    "mono.set_commit_message('a', 'b')",
    "enable_logging()",
    "checkpoint('mono')",
    "arrow_scan(1, 2, 3)",
    "pandas_scan(1)",
    "seq_scan('issues')",
    "test_all_types()",
]
PLACES = [
    "FROM {}",
    "SELECT (SELECT count(*) FROM {}) FROM issues",
    "WITH a AS (FROM {}) FROM a",
    "SELECT * FROM issues WHERE version IN (SELECT 1 FROM {})",
    "SELECT CASE WHEN EXISTS (FROM {}) THEN 1 ELSE 2 END",
    "SELECT 1 UNION ALL SELECT 1 FROM {}",
    "SELECT pesos((SELECT count(*) FROM {}))",
    "SELECT * FROM issues JOIN LATERAL (FROM {}) AS a ON true",
    "SELECT list_transform([1], lambda x: x + (SELECT count(*) FROM {}))",
    "SELECT 1 ORDER BY (SELECT count(*) FROM {})",
    "SELECT 1 LIMIT (SELECT count(*) FROM {})",
    "SELECT count(*) FILTER (WHERE (SELECT true FROM {})) OVER (PARTITION BY (SELECT 1 FROM {})) FROM issues",
    "SELECT * FROM issues GROUP BY ALL HAVING (SELECT true FROM {})",
    "SUMMARIZE SELECT * FROM {}",
    "DESCRIBE FROM {}",
    "SELECT * FROM (PIVOT {} ON a IN ('b') USING count(*))",
    "VALUES ((SELECT 1 FROM {}))",
    "SELECT 1 FROM/* */{} -- a comment",
]


@pytest.mark.parametrize("function", READING_ELSEWHERE)
def test_functions_that_read_elsewhere_are_refused(function: str) -> None:
    with pytest.raises(QuestionError, match="not functions that read elsewhere"):
        check(f"FROM {function}", TABLES)


@pytest.mark.parametrize("place", PLACES)
def test_what_reads_elsewhere_is_refused_wherever_it_stands(place: str) -> None:
    with pytest.raises(QuestionError, match=r"^read_text: "):
        check(place.replace("{}", "read_text('x')"), TABLES)
    with pytest.raises(QuestionError, match=r"^read_text: "):
        check(place.replace("{}", "\"Read_TEXT\"('x')"), TABLES)
    with pytest.raises(QuestionError, match=r"^secret\.csv: ask the warehouse's own tables"):
        check(place.replace("{}", "'secret.csv'"), TABLES)
    check(place.replace("{}", "issues"), TABLES)


@pytest.mark.parametrize(
    "table",
    [
        "'secret.csv'",
        '"secret.parquet"',
        "'/etc/passwd'",
        "'s3://bucket/x.parquet'",
        "'https://example.com/x.csv'",
        "'*.json'",
        "secret",
        "sqlite_master",
        "duckdb_logs",
        "pg_catalog.pg_settings",
        "pg_settings",
        "__ducklake_metadata_mono.ducklake_data_file",
        "memory.main.issues",
        "other.report.issues",
        "main.lake_version",
        "report.banks",
    ],
)
def test_only_the_tables_of_the_lake_may_be_named(table: str) -> None:
    with pytest.raises(QuestionError, match="there is none of that name"):
        check(f"FROM {table}", TABLES)


@pytest.mark.parametrize(
    "call",
    [
        "getenv('HOME')",
        "current_setting('temp_directory')",
        "getvariable('x')",
        "write_log('x')",
        "sleep_ms(1000)",
        "pg_sleep(1)",
        "nextval('x')",
        "currval('x')",
        "setseed(0.5)",
        "json_serialize_plan('FROM issues')",
        "\"Write_LOG\"('x')",
        "list_transform(['x'], lambda x: write_log(x))",
    ],
)
def test_functions_that_do_more_than_compute_a_value_are_refused(call: str) -> None:
    with pytest.raises(QuestionError, match="does more than compute a value"):
        check(f"FROM issues WHERE {call} IS NOT NULL", TABLES)


def test_a_question_nested_too_deeply_is_refused() -> None:
    with pytest.raises(QuestionError, match="nested too deeply"):
        check("SELECT " + "abs(" * 900 + "1" + ")" * 900, TABLES)
