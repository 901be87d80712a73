"""Makes docs/shops.csv: invented daily sales of four products in two shops, for the README's guide.

Each product has its own rhythm of the week and its own growth, each shop its size; what is sold is drawn from a
Poisson distribution. The second shop opened eight weeks after the first, and is closed on no day.
"""

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np

DAYS = 280
SHOPS = {"Harbour": (1.0, 0), "Market": (0.6, 56)}
PRODUCTS = {
    "bread": (60.0, 0.05, [1.0, 0.9, 0.9, 1.0, 1.2, 1.6, 0.4]),
    "coffee": (35.0, 0.25, [1.1, 1.0, 1.0, 1.1, 1.2, 0.8, 0.8]),
    "flowers": (12.0, 0.0, [0.5, 0.6, 0.7, 0.9, 1.6, 1.9, 0.8]),
    "papers": (25.0, -0.2, [0.9, 0.9, 0.9, 0.9, 0.9, 1.5, 1.0]),
}


def main():
    random = np.random.default_rng(7)
    with (Path(__file__).parent / "shops.csv").open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["date", "shop", "product", "units"])
        for day in range(DAYS):
            when = date(2024, 1, 1) + timedelta(day)
            for shop, (size, opened) in SHOPS.items():
                if day < opened:
                    continue
                for product, (level, growth, week) in PRODUCTS.items():
                    mean = size * level * (1 + growth * day / DAYS) * week[when.weekday()]
                    rows.writerow([when.strftime("%d.%m.%Y"), shop, product, random.poisson(mean)])


if __name__ == "__main__":
    main()
