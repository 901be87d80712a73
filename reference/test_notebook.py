"""`elman notebook --seed 7` prints the losses of the NumPy notebook that the project grew from.

The notebook's steps are run here and now, by `notebook.py`, rather than read from the committed
numbers: what is held against each other are this machine's NumPy and this machine's program.
"""

import re

import notebook
from checks import Checks, elman

SEED = 7
EPOCHS = list(range(0, 100, 10))

# Losses are below 1, where doubles are 1.1e-16 apart. The program's tanh and NumPy's may differ in
# the last bit, and training shrinks such a difference: a few units of the last place remain.
TOLERANCE = 1e-15

checks = Checks()
expected = dict(zip(EPOCHS, notebook.train(SEED)["loss"], strict=True))
lines = re.findall(r"^Epoch (\d+), Loss: (\S+)$", elman("notebook", "--seed", SEED), re.MULTILINE)
printed = [(int(epoch), float(loss)) for epoch, loss in lines]

epochs = [epoch for epoch, _ in printed]
checks.that(epochs == EPOCHS, f"expected a loss for the epochs {EPOCHS}, elman printed {epochs}")
for epoch, found in printed:
    loss = expected.get(epoch, float("nan"))
    checks.that(
        abs(found - loss) <= TOLERANCE,
        f"epoch {epoch}: the notebook's loss is {loss!r}, elman printed {found!r}",
    )
checks.close()
