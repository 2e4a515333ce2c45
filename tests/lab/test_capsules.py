"""What chapter 03 looks at: Redis' memory, learning, the capacity of a worker, single services."""

import pytest

from labs.errors import LabError


def test_memory_shows_the_limit_and_refused_commands(big):
    big.write("redis/redis.conf", "maxmemory 600kb\n")
    assert big.learn("pillen", "spam").startswith("OOM")
    row = big.memory().iloc[0]
    assert row["Grenze (KB)"] == 600 and row["Abgelehnt (OOM)"] > 0
    assert big.setting("redis", "maxmemory") == str(600 * 1024)
    big.reset()
    assert big.memory()["Grenze (KB)"].iloc[0] == 64 * 1024


def test_what_is_learned_is_in_redis_until_it_is_forgotten(big):
    big.forget()
    assert big.learn("pillen", "spam") == "success"
    assert big.memory()["Schlüssel"].iloc[0] > 10
    big.forget()
    assert big.memory()["Schlüssel"].iloc[0] == 0
    with pytest.raises(LabError, match="ham"):
        big.learn("pillen", "spmm")


def test_capacity_is_measured_and_calculated_with(big):
    found = big.capacity("rspamd2", mails=20)
    assert [number for number, _ in found.rates] == [1, 2, 4, 8, 16] and found.best > 20
    assert found.nodes_for(found.best) == 3, "half busy: two, and one may fail"
    assert found.nodes_for(1) == 2 and len(found.table) == 5
    with pytest.raises(LabError, match="rspamd1"):
        big.capacity("redis1")


def test_settings_in_force_are_read_from_the_servers_themselves(big):
    assert big.setting("postfix-mx", "milter_default_action") == "tempfail"
    assert big.setting("rspamd-proxy", "worker.rspamd_proxy.max_retries") == "5"
    assert big.setting("rspamd-worker", "options.gibt_es_nicht") == ""


def test_show_leaves_out_what_only_the_lab_needs(big):
    assert "relay_domains" in big.show("postfix-mx/main.cf") and "queue_directory" not in big.show("postfix-mx/main.cf")
    big.write("postfix-mx/main.cf", "smtpd_banner = $myhostname\n")
    assert big.show("postfix-mx/main.cf").endswith("smtpd_banner = $myhostname")
    assert "task_timeout" in big.show("options.inc")
    with pytest.raises(LabError, match="noch nicht"):
        big.show("phishing.conf")


def test_a_single_service_of_a_node_is_stopped(big):
    big.stop("mx1.rspamd-proxy")
    assert big.send("sauber", "mx1").code == 451 and big.send("sauber", "mx2").accepted
    big.restart("mx1.rspamd-proxy")
    assert big.send("sauber", "mx1").accepted
    with pytest.raises(LabError, match="postfix-mx"):
        big.stop("mx1.redis")
