"""Columns that tell sequences apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import elman


@pytest.mark.parametrize("ids", ["subject,trial", ["subject", "trial"]])
def test_several_columns_tell_sequences_apart(ids: Any) -> None:
    rows = [(s, t, n, float(n * s + t)) for s in range(5) for t in range(8) for n in range(6)]
    columns = {name: np.array(values) for name, values in zip(("subject", "trial", "n", "v"), zip(*rows))}
    frame = pd.DataFrame(columns)
    y = np.repeat(np.arange(5) > 2, 8).astype(int)
    classifier = elman.SequenceClassifier(id=ids, epochs=2, search=False, verbose=0)
    for targets in (y, np.repeat(y, 6)):
        classifier.fit(frame, targets)
        assert list(classifier.feature_names_in_) == ["n", "v"]
        answers = classifier.predict(frame)
        assert list(answers.columns[:2]) == ["subject", "trial"] and len(answers) == 40
        assert classifier.score(frame, y) == classifier.score(frame, np.repeat(y, 6))
    regressor = elman.SequenceRegressor(id=ids, epochs=2, verbose=0).fit(frame, y.astype(float))
    assert np.isfinite(regressor.score(frame, y.astype(float)))
    assert list(regressor.predict(frame).columns) == ["subject", "trial", "target_predicted"]
    labeler = elman.SequenceLabeler(id=ids, epochs=2, verbose=0).fit(frame, frame["v"] * 0.5)
    assert len(labeler.predict(frame)) == len(frame) and np.isfinite(labeler.score(frame, frame["v"] * 0.5))
    # Each frame of a list is a sequence, whatever told them apart in training.
    parts = [part.drop(columns=["subject", "trial"]) for _, part in frame.groupby(["subject", "trial"])]
    assert np.array_equal(classifier.predict(parts), classifier.predict(frame)["target_predicted"])
    with pytest.raises(ValueError, match="'subject'"):
        classifier.predict([frame, frame])
    with pytest.raises(ValueError, match="targets, but the data frame has 240 rows"):
        elman.SequenceClassifier(id="subject,trail", epochs=1, verbose=0).fit(frame, y)


def test_arrays_are_sequences_whatever_column_told_them_apart() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(30, 6, 1))
    rows = {"who": np.repeat(np.arange(30), 6), "x0": values.ravel(), "target": np.repeat(values.mean(axis=(1, 2)), 6)}
    frame = pd.DataFrame(rows)
    regressor = elman.SequenceRegressor(id="who", epochs=2, verbose=0).fit(frame)
    assert np.array_equal(regressor.predict(values), regressor.predict(frame)["target_predicted"])
