"""How fast notebook 02's networks write, a word at a time: ``make bench`` or
``python benchmarks/note_generation.py``.

One tune that may not end, by the network that carries a state on, plain and looking back, and by
reading the whole past again for each word, compiled as well. The best of some runs, after one that
compiles. The ratios are measured in one run; the words a second depend on the machine. The networks
are untrained, which makes them no faster.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

COUNT, RUNS = 200, 3


def words_per_second(write) -> float:
    """Of the fastest of some runs, after one that compiles."""
    write()
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        write()
        times.append(time.perf_counter() - start)
    return COUNT / min(times)


def main() -> None:
    import numpy as np
    import tensorflow as tf

    from helpers import data, music
    from helpers.chapters import next_note_rnn as rnn

    tunes = data.load_tunes("valid")
    vocabulary = music.Vocabulary(map(rnn.tune_words, tunes), special=[rnn.START, rnn.END])
    words, ticks = vocabulary.words, music.word_ticks(vocabulary.words)
    first = rnn.as_places(np.zeros((1, 2)), "2/2", "reel")

    def compose(network):
        return lambda: rnn.compose(network, words, first, COUNT, 1, banned=[rnn.END])

    def read_anew(network):
        """The same from tokens and places alone, which are all read for each word."""

        @tf.function(reduce_retracing=True)
        def next_logits(tokens, places, i):
            return rnn.predict(network, tokens, places)[0, i]

        def write():
            tokens = np.full((1, COUNT), rnn.START_TOKEN, np.int32)
            places = np.repeat(first[:, None], COUNT, axis=1)
            now = 0
            for i in range(COUNT):
                places[0, i], _ = rnn.clock_at(tf.constant([now]), tf.constant(first))
                some = tf.constant(tokens[:, : i + 1]), tf.constant(places[:, : i + 1])
                logits = next_logits(*some, tf.constant(i))
                drawn = tf.where(ticks > 0, logits, -1e9)[None]
                token = int(tf.random.stateless_categorical(drawn, 1, [1, i])[0, 0])
                now += ticks[token]
                if i + 1 < COUNT:
                    tokens[0, i + 1] = token

        return write

    plain = rnn.build_rnn(len(words))
    found = {
        "plain, state carried on": words_per_second(compose(plain)),
        "looking back, state carried on": words_per_second(
            compose(rnn.build_looking_rnn(len(words)))
        ),
        "plain, the whole past read again": words_per_second(read_anew(plain)),
        "Transformer, the whole past read again": words_per_second(
            read_anew(rnn.build_transformer(len(words)))
        ),
    }
    fastest = found["plain, state carried on"]
    print(f"one tune of {COUNT} words, {len(words)} words in the vocabulary")
    for name, speed in found.items():
        print(f"{name:40}{speed:7.0f} words a second, {fastest / speed:5.1f} times as long")


if __name__ == "__main__":
    main()
