"""The quarter-note model of benchmarks/jsb_nll.py."""
