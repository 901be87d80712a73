"""From a data frame to a picture of its forecast.

    python forecast.py [PICTURE]

needs pandas and matplotlib.
"""

# %% The data: monthly sales of seven years, made up.
import sys

import matplotlib
import numpy as np
import pandas as pd

import elman

matplotlib.use("Agg")
months = pd.date_range("2018-01-01", periods=84, freq="MS")
season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(84) / 12)
noise = np.random.default_rng(0).normal(1, 0.03, 84)
sales = pd.DataFrame({"ds": months, "y": (200 + 3 * np.arange(84)) * season * noise})

# %% A model, tested on the last two years, which it has not seen.
forecaster = elman.Forecaster(verbose=0).fit(sales)
for name, figures in forecaster.test_.items():
    print(f"{name:<16}{figures['mape']:6.2f} %")

# %% The next half year.
print(forecaster.predict_interval(levels=(80,)).round(1).to_string(index=False))

# %% The picture.
axes = forecaster.plot(levels=(80, 95))
axes.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "forecast.png")
