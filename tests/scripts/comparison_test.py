"""What scripts/compare and scripts/instructions make of recorded lines.

Run by ctest, or: PYTHONPATH=scripts python3 tests/scripts/comparison_test.py
"""

import unittest
import xml.etree.ElementTree
from pathlib import Path

from comparison import chart, tables
from comparison.figures import Floor, Results, parse, read_floors
from comparison.instructions import per_operation, read_annotation, table
from comparison.main import user_differs
from comparison.systems import WORKLOADS

RECORDED = {
    ("mote", "ring_503_s1"): "mote ring_503_s1 ns_per_hop 30 ns\nmote ring_503_s1 ns_per_hop 28.5 ns\n"
                             "mote ring_503_s1 ns_per_hop 29 ns\n",
    ("go", "ring_503_s1"): "go ring_503_s1 ns_per_hop 133.2 ns\n",
    ("erlang", "ring_503_s1"): "erlang ring_503_s1 ns_per_hop 241.003 ns\n",
    ("mote", "fanin_s1"): "mote fanin_s1 messages_per_s 8e+07 1/s\n",
    ("go", "fanin_s1"): "go fanin_bounded1024_s1 messages_per_s 3.2e+07 1/s\n",
    ("mote", "parked_memory_1m_s1"): "mote parked_memory_1m_s1 rss_per_proc 4500 bytes\n"
                                     "mote parked_memory_1m_s1 page_tables_per_proc 513 bytes\n",
    ("mote", "fairness_s1"): "mote fairness_s1 starved 1 bool\n",
    ("go", "fairness_s1"): "go fairness_s1 late_p50 19.2 ms\n",
    ("threads", "spawn_join_one_s1"): "mote thread_spawn_join_s1 ns_per_op 12000 ns\n",
    ("mote", "spawn_join_one_s1"): "mote spawn_join_one_s1 ns_per_op 60 ns\n",
    ("as_user", "spawn_join_one_s1"): "as_user spawn_join_one_s1 ns_per_op 75 ns\n",
}


def recorded():
    results = Results()
    for (system, figure), text in RECORDED.items():
        for line in parse(text):
            results.add(system, figure, line)
    return results.in_order(["mote", "as_user", "threads", "go", "erlang"])


def row(rows, figure, metric):
    return next(dict(zip(rows[0], r)) for r in rows if r[:2] == [figure, metric])


class Figures(unittest.TestCase):
    def test_lines_that_are_no_figures_are_skipped(self):
        self.assertEqual(len(parse("hello\n\ngo a_s1 m 1 ns\ngo a_s1 m one ns\nWarning: a b c d e\n")), 1)

    def test_ratio_says_how_many_times_as_good_whichever_way_is_better(self):
        results = recorded()
        self.assertAlmostEqual(results.advantage("ring_503_s1", "ns_per_hop", "mote", "go"), 133.2 / 29)
        self.assertAlmostEqual(results.advantage("fanin_s1", "messages_per_s", "mote", "go"), 2.5)
        self.assertIsNone(results.advantage("fanin_s1", "messages_per_s", "mote", "erlang"))

    def test_metrics_can_be_added(self):
        self.assertEqual(recorded().median("parked_memory_1m_s1", "rss_per_proc+page_tables_per_proc", "mote"), 5013)


class Floors(unittest.TestCase):
    def verdict(self, figure, metric, floor):
        return Floor(figure, metric, floor, 1).verdict(recorded())

    def test_floor_against_another_system(self):
        self.assertTrue(self.verdict("ring_503_s1", "ns_per_hop", "4.5x"))
        self.assertFalse(self.verdict("ring_503_s1", "ns_per_hop", "4.7x"))
        self.assertTrue(self.verdict("ring_503_s1", "ns_per_hop", "8x:erlang"))

    def test_floor_by_itself(self):
        self.assertTrue(self.verdict("parked_memory_1m_s1", "rss_per_proc+page_tables_per_proc", "5017"))
        self.assertFalse(self.verdict("parked_memory_1m_s1", "rss_per_proc+page_tables_per_proc", "5000"))
        self.assertTrue(self.verdict("fanin_s1", "messages_per_s", "70e6"))
        self.assertFalse(self.verdict("fanin_s1", "messages_per_s", "90e6"))

    def test_floor_by_another_figure_of_its_own(self):
        self.assertTrue(self.verdict("spawn_join_one_s1", "ns_per_op", "2.1*ring_503_s1:ns_per_hop"))
        self.assertFalse(self.verdict("spawn_join_one_s1", "ns_per_op", "2*ring_503_s1:ns_per_hop"))
        self.assertIsNone(self.verdict("spawn_join_one_s1", "ns_per_op", "2*skynet_s1:total"))

    def test_starved_misses_its_floor_and_the_unmeasured_is_unknown(self):
        self.assertFalse(self.verdict("fairness_s1", "late_p50", "0.5"))
        self.assertIsNone(self.verdict("spawn_join_one_s1", "ns_per_op", "2x"))

    def test_the_file_names_workloads_that_exist(self):
        text = (Path(__file__).resolve().parents[2] / "bench" / "floors.txt").read_text()
        floors = read_floors(text)
        self.assertGreater(len(floors), 20)
        for floor in floors:
            workload, _, schedulers = floor.figure.rpartition("_s")
            self.assertIn(int(schedulers), WORKLOADS[workload])


class Tables(unittest.TestCase):
    def test_cell_has_median_and_range(self):
        rows = tables.figures_table(recorded())
        self.assertEqual(row(rows, "ring_503_s1", "ns_per_hop")["mote"], "29 (28.5..30)")
        self.assertEqual(row(rows, "ring_503_s1", "ns_per_hop")["Go"], "133")
        self.assertEqual(row(rows, "fanin_s1", "messages_per_s")["mote"], "80 M")

    def test_starved_and_failed_are_said_in_their_cells(self):
        results = recorded()
        results.failures["mote", "skynet_s1"] = "exit code 1: no memory"
        rows = tables.figures_table(results)
        self.assertEqual(row(rows, "fairness_s1", "late_p50")["mote"], "starved")
        self.assertEqual(row(rows, "skynet_s1", "")["mote"], "failed")
        self.assertIn("mote: skynet_s1 failed: exit code 1: no memory", tables.notes(results))

    def test_a_variant_is_noted(self):
        self.assertIn("Go: fanin is its fanin_bounded1024.", tables.notes(recorded()))

    def test_threads_stand_beside_the_workload_that_they_are_like(self):
        self.assertEqual(row(tables.figures_table(recorded()), "spawn_join_one_s1", "ns_per_op")["OS threads"], "12 k")
        self.assertEqual(row(tables.ratios_table(recorded()), "spawn_join_one_s1", "ns_per_op")["OS threads"], "200")

    def test_floors_are_judged_in_the_table(self):
        floors = read_floors("# c\nring_503_s1 ns_per_hop 2.5x 28\nskynet_s1 total 5x 60 # not measured\n")
        rows = tables.floors_table(recorded(), floors)
        self.assertEqual(rows[1:], [["ring_503_s1", "ns_per_hop", "29 (28.5..30)", "4.59", "2.5x", "kept", "28",
                                     "not yet"]])

    def test_text_is_aligned_and_markdown_has_as_many_cells_in_each_line(self):
        rows = tables.figures_table(recorded())
        text = tables.as_text(rows).splitlines()
        ends = {line.rindex("30)") for line in text if "30)" in line}
        self.assertEqual(ends, {text[0].index("mote") + len("mote") - len("30)")})
        bars = {line.replace("\\|", "").count("|") for line in tables.as_markdown(rows).splitlines()}
        self.assertEqual(bars, {len(rows[0]) + 1})


class Chart(unittest.TestCase):
    def test_it_is_an_svg_with_a_bar_for_each_system(self):
        root = xml.etree.ElementTree.fromstring(chart.chart(recorded(), "a < b"))
        self.assertTrue(root.tag.endswith("svg"))
        bars = [one for one in root if one.tag.endswith("rect") and one.get("x") == str(chart.LABEL)]
        self.assertEqual(len(bars), 3 + 2 + 1 + 3)

    def test_a_worse_system_has_a_longer_bar(self):
        groups = dict(chart.groups_of(recorded()))
        self.assertEqual([system for system, _, _ in groups["ring_503_s1"]], ["mote", "go", "erlang"])
        costs = [cost for _, cost, _ in groups["ring_503_s1"]]
        self.assertEqual(costs, sorted(costs))


class AsUser(unittest.TestCase):
    def test_a_difference_above_the_tolerance_is_told(self):
        self.assertEqual(user_differs(recorded()),
                         ["as_user spawn_join_one_s1 ns_per_op is 0.80 times as good as mote-bench's"])


ANNOTATED = """\
Events recorded:  Ir
--------------------------------------------------------------------------------
Ir
--------------------------------------------------------------------------------
1,000,000 (100.0%)  PROGRAM TOTALS

  600,000 (60.00%)  /a/post.cpp:mote::detail::post(mote::detail::core&, std::unique_ptr<int>) [/a/mote-bench]
  100,000 (10.00%)  /a/inbox.hpp:mote::detail::post(mote::detail::core&, std::unique_ptr<int>)'2 [/a/mote-bench]
  200,000 (20.00%)  ???:mote::(anonymous namespace)::map<unsigned int>::grow() [/a/mote-bench]
  100,000 (10.00%)  ./elf/dl-lookup.c:do_lookup_x [/usr/lib/ld.so]
"""


class Instructions(unittest.TestCase):
    def test_functions_are_added_up_over_files_and_recursions(self):
        self.assertEqual(read_annotation(ANNOTATED), {"post": 700_000, "map::grow": 200_000, "do_lookup_x": 100_000})

    def test_what_both_runs_have_is_left_out(self):
        few = read_annotation(ANNOTATED)
        many = few + read_annotation("  40,000 (4%)  /a/b.cpp:mote::yield() [x]\n  1,000 (0.1%)  /a:post(int) [x]\n")
        each = per_operation(few, many, 1000)
        self.assertEqual(each, {"yield": 40, "post": 1})
        self.assertEqual(table("a yield", each, 1), "    41.0  a yield\n      40.0  yield\n"
                                                    "       1.0  in 1 other functions\n")


if __name__ == "__main__":
    unittest.main()
