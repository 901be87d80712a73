"""Makes docs/in.wav and docs/out.wav: what a guitar might play, and what an overdriven device makes of it, 74 samples late.

python3 docs/sound.py [RATE SECONDS]

Without numbers four seconds at 8 kHz, which lie in docs/ for the guide's tests; 48000 60 is a recording as one would make it.
"""

import math
import random
import struct
import sys
import wave

RATE, SECONDS = map(int, sys.argv[1:]) if sys.argv[1:] else (8_000, 4)
LATE = 74


def notes() -> list[float]:
    draw = random.Random(1990)
    x = [0.0] * (RATE * SECONDS)
    start = 0
    while start < len(x):
        pitch = 2 * math.pi * 80 * 2 ** (4 * draw.random()) / RATE
        level = 0.3 * (0.2 + 0.8 * draw.random())
        decay = RATE * (0.1 + 0.5 * draw.random())
        for n in range(min(2 * RATE, len(x) - start)):
            tone = math.sin(pitch * n) + math.sin(2 * pitch * n) / 2
            pick = draw.uniform(-1, 1) * math.exp(-n / 100) if n < 1000 else 0.0
            x[start + n] += level * (math.exp(-n / decay) * tone + pick)
        start += int(RATE * (0.05 + 0.3 * draw.random()))
    return x


def device(x: list[float]) -> list[float]:
    """A low pass into a limiter whose working point follows how hard it works."""
    s = z = 0.0
    y = []
    for value in [0.0] * LATE + x[: len(x) - LATE]:
        s += 0.25 * (value - s)
        u = math.tanh(3 * s + 0.6 * z)
        z = 0.995 * z + 0.005 * abs(u)
        y.append(0.7 * (u - 0.3 * z))
    return y


def write(name: str, samples: list[float]) -> None:
    with wave.open(name, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        integers = (max(-(2**15), min(2**15 - 1, round(sample * 2**15))) for sample in samples)
        file.writeframes(b"".join(struct.pack("<h", integer) for integer in integers))


played = notes()
write("docs/in.wav", played)
write("docs/out.wav", device(played))
