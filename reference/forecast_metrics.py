"""Forecast metrics by utilsforecast, as constants for the tests of `elman::metrics`.

    pip install utilsforecast==0.2.17 pandas==3.0.6
    python forecast_metrics.py

The series are those that the test makes: `value(n)` of `n` below 40, the last 8 of which are forecast by
`value(n) + error(n)`; season 4.
"""

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
