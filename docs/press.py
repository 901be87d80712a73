"""Makes docs/press.csv: a press, ten times a second, in several runs.

The oil's temperature follows the load slowly and was measured every fifth row; somebody has written down what the press
was doing in most of the rows.
"""

import math
import random

random.seed(1)
with open("docs/press.csv", "w") as file:
    file.write("run,clock,load,speed,temperature,state\n")
    for run in range(12):
        heat, row = random.uniform(0, 0.3), 0
        while row < 240:
            state = random.choice(["idle", "form", "hold"])
            for k in range(random.randint(30, 70)):
                if row == 240:
                    break
                wave = 0.5 + 0.5 * math.sin(k * 0.8)
                load = {"idle": 0.05, "form": wave, "hold": 0.6}[state] + random.gauss(0, 0.12)
                speed = {"idle": 0.0, "form": 0.4 - 0.3 * wave, "hold": 0.0}[state] + random.gauss(0, 0.12)
                heat += 0.03 * (load - heat)
                measured = f"{40 + 25 * heat + random.gauss(0, 0.1):.2f}" if row % 5 == 4 else ""
                told = state if random.random() < 0.8 else ""
                file.write(f"r{run},{24 * run + row / 10:.1f},{load:.3f},{speed:.3f},{measured},{told}\n")
                row += 1
