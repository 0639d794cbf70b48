"""How long writers wait when a server of three ends, with the options that everybody has."""

from cluster_tests import in_cluster
from failover import Failover
from harness.outcome import expect, expect_equal

# Well above what it takes (tenths of a second, see `./dev bench failover`), and well below a session of 9 s.
_BOUND_SECONDS = 3.0


@in_cluster
def writers_hardly_notice_the_end_of_a_server(cluster):
    failover = Failover(cluster)
    said = []

    def strike(what: str, victim: int, how: str) -> None:
        gap = failover.strike(victim, getattr(cluster.nodes[victim], how))
        said.append(f"{what} {gap.led:.2f} s ({gap.others:.2f} s where it followed)")
        expect(max(gap.led, gap.others) < _BOUND_SECONDS, f"writers waited too long: {'; '.join(said)}")
        failover.bring_back(victim)

    try:
        failover.begin()
        strike("kill -9 of a leader", failover.leader(), "kill")
        strike("of the controller", cluster.leader(), "kill")
        strike("clean restart of a leader", failover.leader(), "stop")
        strike("of the controller", cluster.leader(), "stop")
        figures = failover.finish()
    finally:
        failover.end()
    expect(figures.clean(), f"records are lost, doubled or out of order: {figures}")
    expect(figures.acknowledged > 1000, f"hardly anything was written: {figures}")
    for node in cluster.nodes:
        expect_equal(cluster.nodes[node].alive(), True, f"whether node {node} lives")
    return f"without an acknowledgement: {'; '.join(said)}; {figures.acknowledged} records"


ALL = {
    "writers hardly notice the end of a server, killed or stopped": writers_hardly_notice_the_end_of_a_server,
}
