"""Forecast metrics by utilsforecast, as constants for the tests of `elman::metrics`.

    pip install utilsforecast==0.2.17 pandas==3.0.6
    python forecast_metrics.py

The series are those that the test makes: `value(n)` of `n` below 40, the last 8 of which are forecast by
`value(n) + error(n)`; season 4. The quantiles of a level `q` are `value(n) + error(n) + 2 (q - 0.5)`.
"""

import numpy
import pandas as pd
from utilsforecast import losses


def value(n: int) -> float:
    return 20.0 + 0.5 * n + (n * 7 % 4) * 3.0 - (n * n % 11) / 8.0


def error(n: int) -> float:
    return (n * 5 % 9 - 4) / 4.0


rows = pd.DataFrame({"unique_id": "a", "ds": range(40), "y": [value(n) for n in range(40)]})
train, test = rows[:32], rows[32:].copy()
test["model"] = [value(n) + error(n) for n in test["ds"]]
for name in ["mae", "rmse", "mape", "smape"]:
    print(name, repr(float(getattr(losses, name)(test, models=["model"])["model"].iloc[0])))
mase = losses.mase(test, models=["model"], seasonality=4, train_df=train)
print("mase", repr(float(mase["model"].iloc[0])))

levels = [0.1, 0.3, 0.5, 0.9]
names = [f"q{level}" for level in levels]
for level, name in zip(levels, names, strict=True):
    test[name] = test["model"] + 2.0 * (level - 0.5)


def of_model(frame: pd.DataFrame) -> float:
    return float(frame["model"].iloc[0])


print("quantile_loss", [of_model(losses.quantile_loss(test, {"model": n}, q)) for q, n in zip(levels, names, strict=True)])
print("calibration", [of_model(losses.calibration(test, {"model": n})) for n in names])
print("mqloss", repr(of_model(losses.mqloss(test, {"model": names}, numpy.array(levels)))))
print("scaled_crps", repr(of_model(losses.scaled_crps(test, {"model": names}, numpy.array(levels)))))
test["model-lo-80"], test["model-hi-80"] = test["q0.1"], test["q0.9"]
print("coverage", repr(of_model(losses.coverage(test, ["model"], 80))))
