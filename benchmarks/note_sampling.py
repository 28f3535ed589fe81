"""How fast notebook 06's generator writes, compiled and step by step: ``make bench`` or
``python benchmarks/note_sampling.py``.

Sixteen melodies of 32 steps; the best of some runs, after one that compiles. The ratio is measured
in one run; the seconds depend on the machine.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

COUNT, STEPS, RUNS = 16, 32, 5


def seconds(function, runs: int) -> float:
    """The shortest of some runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function().numpy()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    import tensorflow as tf

    from helpers import data
    from helpers.chapters import gan_with_rl as rl

    pieces = data.load_chorales("test", time_signature="4/4")
    x, _ = rl.to_notes(rl.make_windows(pieces)[:COUNT, :STEPS])
    generator = rl.build_generator()
    place, temperature, seed = rl.places(COUNT, STEPS), tf.constant(1.0), tf.constant(0)

    def write():
        return rl.sample(generator, x, place, temperature, seed)

    write()
    compiled = seconds(write, RUNS)
    tf.config.run_functions_eagerly(True)
    by_step = seconds(write, 1)
    print(f"{COUNT} melodies of {STEPS} steps: compiled {compiled:.2f} s, at most 3 s asked")
    print(f"not compiled {by_step:.1f} s, {by_step / compiled:.0f} times as long")


if __name__ == "__main__":
    main()
