"""What scripts/compare is made of: systems that can be run, their figures, the tables and the chart."""
