"""Makes docs/motors.csv: motors that run up to speed, ten rows a second, each in one of three states and under some load.

A worn bearing is heard in bursts of vibration, a slack belt makes the current dip again and again; under load the current falls more
slowly and less far.
"""

import math
import random

random.seed(3)
with open("docs/motors.csv", "w") as file:
    file.write("motor,second,current,vibration,state,load\n")
    for motor in range(120):
        state = ["good", "bearing", "belt"][motor % 3]
        load = random.uniform(0.2, 1.0)
        phase, period = random.uniform(0, 6), random.uniform(4, 6)
        for row in range(random.randint(20, 40)):
            current = 0.4 + 0.6 * load + 2 * math.exp(-row / (4 + 8 * load))
            if state == "belt" and (row + phase) % period < 2:
                current -= 0.4
            burst = state == "bearing" and (row + phase) % (2 * period) < 3
            vibration = 0.1 * current + random.gauss(0, 0.4 if burst else 0.1)
            current += random.gauss(0, 0.05)
            file.write(f"m{motor},{row / 10:.1f},{current:.3f},{vibration:.3f},{state},{load:.2f}\n")
