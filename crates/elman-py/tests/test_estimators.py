"""Estimators: values, forms of data, scikit-learn's manners, files."""

import json
import os
import pickle
import subprocess
import sys
import time
from datetime import timedelta, timezone

import numpy as np
import pytest

import elman
from elman import _elman

QUICK = {"epochs": 3, "verbose": 0, "hidden_size": 8}


@pytest.fixture(scope="module")
def waves():
    """Sequences of two classes: slow and fast waves, of unequal lengths."""
    rng = np.random.default_rng(0)
    y = np.array(["slow", "fast"] * 24)
    lengths = rng.integers(15, 25, 48)
    X = [np.sin(np.arange(n) * (0.4 if k == "slow" else 1.3) + rng.uniform(0, 6))[:, None] for n, k in zip(lengths, y)]
    return X, y


@pytest.fixture(scope="module")
def means():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 8, 2))
    return X, X[:, :, 0].mean(axis=1)


@pytest.fixture(scope="module")
def classifier(waves):
    return elman.SequenceClassifier(search=False, epochs=30, hidden_size=12, verbose=0).fit(*waves)


@pytest.fixture(scope="module")
def regressor(means):
    return elman.SequenceRegressor(epochs=40, verbose=0).fit(*means)


@pytest.fixture(scope="module")
def forecaster():
    return elman.Forecaster(verbose=0).fit(elman.airline())


def test_the_airline_figures_are_the_programs(forecaster):
    # README's first run.
    assert forecaster.test_["elman"]["mape"] == pytest.approx(3.80, abs=0.005)
    assert forecaster.test_["seasonal naive"]["mape"] == pytest.approx(11.47, abs=0.005)
    predicted = forecaster.predict()
    assert np.asarray(predicted["passengers_forecast"])[0] == pytest.approx(441.659, abs=0.01)
    assert list(predicted["month"])[0] == "1961-01"
    assert forecaster.score() == pytest.approx(-0.5787, abs=5e-4)
    assert len(forecaster.history_["train_loss"]) == 30 and forecaster.record_["ended"] == "finished"


def test_forecasts_have_intervals_and_backtests(forecaster):
    ends = forecaster.predict_interval(levels=(80, 95), horizon=2)
    low, high = (np.asarray(ends[f"passengers_forecast_{end}_95"]) for end in ("low", "high"))
    low80 = np.asarray(ends["passengers_forecast_low_80"])
    assert len(low) == 2 and (low < low80).all() and (low80 < high).all()
    alone = forecaster.predict_interval(levels=95, horizon=2)
    assert len(list(alone)) == 4 and np.array_equal(alone["passengers_forecast_low_95"], low)
    found = forecaster.backtest()
    assert len(found.rows["actual"]) == 156 and found.figures["mape"] == pytest.approx(3.80, abs=0.005)
    assert set(found.baselines) == {"seasonal naive", "last value", "drift", "smoothing"}
    naive = np.asarray(forecaster.predict(horizon=1, baseline="seasonal naive")["passengers_forecast"])
    assert naive == pytest.approx([417.0])


def test_series_come_in_many_forms():
    y = np.sin(np.arange(80) * 0.5) + 3
    alone = elman.Forecaster(horizon=4, **QUICK).fit(y).predict()
    assert alone.shape == (4,)
    assert np.array_equal(elman.Forecaster(horizon=4, **QUICK).fit(y.tolist()).predict(), alone)
    both = elman.Forecaster(horizon=4, **QUICK).fit(np.stack([y, 2 * y]))
    assert both.predict().shape == (2, 4)
    assert both.predict(np.stack([y, 2 * y, y + 1]), horizon=2).shape == (3, 2)
    frame = elman.Forecaster(horizon=4, **QUICK).fit(
        {"y": y, "ds": np.arange("2024-01-01", "2024-03-21", dtype="M8[D]")}
    )
    assert frame.predict()["ds"][0] == "2024-03-21"
    with pytest.raises(ValueError, match="horizon is 0"):
        both.predict(horizon=0)


def test_frames_of_pandas_polars_and_arrow(tmp_path):
    pd = pytest.importorskip("pandas")
    days = pd.date_range("2024-01-01", periods=60, freq="D")
    frame = pd.concat(
        [
            pd.DataFrame({"unique_id": name, "ds": days, "y": np.sin(np.arange(60)) + k})
            for k, name in enumerate(["a", "b"])
        ]
    )
    fitted = elman.Forecaster(horizon=3, **QUICK).fit(frame)
    predicted = fitted.predict()
    assert isinstance(predicted, pd.DataFrame)
    assert list(predicted["unique_id"]) == ["a"] * 3 + ["b"] * 3 and predicted["ds"][0] == pd.Timestamp("2024-03-01")
    expected = list(predicted["y_forecast"])
    series = frame[frame.unique_id == "a"].set_index("ds")["y"]
    alone = elman.Forecaster(horizon=3, **QUICK).fit(series).predict()
    assert alone["ds"][0] == pd.Timestamp("2024-03-01")
    frame.to_csv(tmp_path / "f.csv", index=False)
    from_file = (
        elman.Forecaster(horizon=3, time="ds", target="y", id="unique_id", **QUICK).fit(tmp_path / "f.csv").predict()
    )
    assert list(from_file["y_forecast"]) == expected
    polars = pytest.importorskip("polars")
    theirs = elman.Forecaster(horizon=3, **QUICK).fit(polars.from_pandas(frame)).predict()
    assert isinstance(theirs, polars.DataFrame) and theirs["y_forecast"].to_list() == expected
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    assert elman.Forecaster(horizon=3, **QUICK).fit(table).predict()["y_forecast"].to_pylist() == expected

    class Capsule:
        def __arrow_c_stream__(self, requested_schema=None):
            return table.__arrow_c_stream__(requested_schema)

    assert list(elman.Forecaster(horizon=3, **QUICK).fit(Capsule()).predict()["y_forecast"]) == expected
    # One column is a series.
    values = np.sin(np.arange(60))
    expected = elman.Forecaster(horizon=3, **QUICK).fit(values).predict().tolist()
    for series in (polars.Series("v", values), pyarrow.array(values), pyarrow.chunked_array([values[:9], values[9:]])):
        assert elman.Forecaster(horizon=3, **QUICK).fit(series).predict().tolist() == expected


def test_columns_of_arrow_are_read_where_they_lie():
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    from elman.data import columns_of, table_of

    numbers = np.arange(5) / 3
    table = pyarrow.table(
        {
            "y": numbers,
            "gaps": [1, None, 3, 4, 5],
            "cut": pyarrow.chunked_array([[1.5, 2.5], [3.5, None, 5.5]]),
            "small": pyarrow.array([0.5] * 5, pyarrow.float32()),
            "kind": pyarrow.array(["a", "b", None, "a", "b"]).dictionary_encode(),
            "truth": [True, False, None, True, True],
            "day": pyarrow.array([0, 1, 2, None, 4], pyarrow.date32()),
            "moment": pyarrow.array([0, 1, 2, 3, 4], pyarrow.timestamp("s", "UTC")),
            "large": [2**60, 1, 2, 3, 4],
        }
    )
    columns = columns_of(table)
    assert np.shares_memory(columns["y"], table["y"].chunk(0).to_numpy())
    frame = polars.DataFrame({"y": numbers})
    assert np.shares_memory(columns_of(frame)["y"], frame["y"].to_numpy())
    read = table_of(columns)
    assert {name: read.texts(name) for name in read.headers[1:]} == {
        "gaps": ["1", "", "3", "4", "5"],
        "cut": ["1.5", "2.5", "3.5", "", "5.5"],
        "small": ["0.5"] * 5,
        "kind": ["a", "b", "", "a", "b"],
        "truth": ["1", "0", "", "1", "1"],
        "day": ["1970-01-01", "1970-01-02", "1970-01-03", "", "1970-01-05"],
        "moment": [f"1970-01-01T00:00:0{n}+00:00" for n in range(5)],
        "large": [str(2**60), "1", "2", "3", "4"],
    }
    with pytest.raises(ValueError, match="two columns 'y'"):
        columns_of(pyarrow.Table.from_arrays([table["y"], table["y"]], ["y", "y"]))


def test_columns_keep_their_values():
    pd = pytest.importorskip("pandas")
    from elman.data import columns_of, table_of

    frame = pd.DataFrame(
        {
            "integers": [1, 2**53, -3],
            "gaps": [0.5, None, 1e300],
            "bools": [True, False, True],
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "texts": ["a", None, "1,5"],
            "kinds": pd.Categorical(["x", "y", "x"]),
            "days": pd.to_datetime(["2024-01-01", "2024-02-29", None]),
            "minutes": pd.to_datetime(["2024-01-01 10:30", "2024-01-01 11:00", "2024-01-01 00:00"]),
            "zones": pd.to_datetime(["2024-01-01 10:30"] * 3).tz_localize("Europe/Berlin"),
            "large": [2**60, 2**60 + 1, 1],
        }
    )
    table = table_of(columns_of(frame))
    assert {name: table.texts(name) for name in table.headers} == {
        "integers": ["1", "9007199254740992", "-3"],
        "gaps": ["0.5", "", "1e300"],
        "bools": ["1", "0", "1"],
        "nullable": ["1", "", "3"],
        "texts": ["a", "", "1,5"],
        "kinds": ["x", "y", "x"],
        "days": ["2024-01-01", "2024-02-29", ""],
        "minutes": ["2024-01-01T10:30:00", "2024-01-01T11:00:00", "2024-01-01T00:00:00"],
        "zones": ["2024-01-01T10:30:00+01:00"] * 3,
        "large": [str(2**60), str(2**60 + 1), "1"],
    }


def test_classes(classifier, waves):
    X, y = waves
    assert list(classifier.classes_) == ["fast", "slow"]
    assert classifier.score(X, y) >= 0.9
    probabilities = classifier.predict_proba(X)
    assert probabilities.shape == (48, 2) and np.allclose(probabilities.sum(axis=1), 1)
    assert (classifier.predict(X) == classifier.classes_[probabilities.argmax(axis=1)]).all()
    assert set(classifier.test_) == {"elman", "most frequent class", "1-nearest neighbour"}


def test_labels_come_back_as_they_were(waves):
    X, y = waves
    for labels in (
        y,
        (y == "slow"),
        np.where(y == "slow", 7, -1),
        np.where(y == "slow", 2.0, 1.0),
        np.where(y == "slow", "with space, comma", "b"),
    ):
        fitted = elman.SequenceClassifier(search=False, **QUICK).fit(X, labels)
        assert fitted.predict(X).dtype == labels.dtype and set(fitted.predict(X)) <= set(labels)


def test_numbers(regressor, means):
    X, y = means
    assert regressor.score(X, y) > 0.9
    assert regressor.predict(X).shape == (60,)
    assert 1 - ((regressor.predict(X) - y) ** 2).sum() / ((y - y.mean()) ** 2).sum() == pytest.approx(
        regressor.score(X, y)
    )
    two = elman.SequenceRegressor(**QUICK).fit(X, np.stack([y, -y], axis=1))
    assert two.predict(X[:5]).shape == (5, 2)


def test_forms_of_sequences_are_the_same_data(means):
    X, y = means
    expected = elman.SequenceRegressor(**QUICK).fit(X, y).predict(X)
    rows = {
        "id": np.repeat(np.arange(60), 8),
        "x0": X[:, :, 0].ravel(),
        "x1": X[:, :, 1].ravel(),
        "target": np.repeat(y, 8),
    }
    for fitted, given in [
        (elman.SequenceRegressor(**QUICK).fit(list(X), y), list(X)),
        (elman.SequenceRegressor(**QUICK).fit(X.astype("<f4").astype(">f8") * 0 + X, y), X),
        (elman.SequenceRegressor(layout="channels", **QUICK).fit(X.transpose(0, 2, 1), y), X.transpose(0, 2, 1)),
        (elman.SequenceRegressor(**QUICK).fit(np.asfortranarray(X), y), X[::-1][::-1]),
    ]:
        assert np.array_equal(fitted.predict(given), expected)
    as_table = elman.SequenceRegressor(**QUICK).fit(rows)
    assert np.array_equal(as_table.predict(rows)["target_predicted"], expected)
    apart = {name: column for name, column in rows.items() if name != "target"}
    assert np.array_equal(elman.SequenceRegressor(**QUICK).fit(apart, y).predict(apart)["target_predicted"], expected)
    assert as_table.score(rows) == pytest.approx(as_table.score(apart, y), abs=1e-9)
    flat = elman.SequenceRegressor(**QUICK).fit(X[:, :, 0], y)
    assert np.array_equal(flat.predict(X[:, :, :1]), flat.predict(X[:, :, 0]))


@pytest.mark.parametrize("kind", [elman.SequenceClassifier, elman.SequenceRegressor])
def test_a_sequence_in_each_row(kind, tmp_path):
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    X = np.random.default_rng(5).normal(size=(48, 16))
    y = X.mean(axis=1)
    if kind is elman.SequenceClassifier:
        y = np.where(y > 0, "high", "low")
    weights = np.arange(len(y))
    expected = kind(**QUICK).fit(X, y)
    # An array (n, T) is one of n sequences of single values, whichever order an array of three dimensions has.
    for layout, full in [("time", X[:, :, None]), ("channels", X[:, None])]:
        fitted = kind(layout=layout, **QUICK).fit(X, y)
        assert np.array_equal(fitted.predict(X), expected.predict(X)) and fitted.n_features_in_ == 1
        assert np.array_equal(fitted.predict(full), expected.predict(X))
    # So is a frame whose columns are numbered.
    columns = {f"t{t}": X[:, t] for t in range(X.shape[1])}
    for frame in (pandas.DataFrame(columns), pandas.DataFrame(X), polars.DataFrame(columns), columns):
        fitted = kind(**QUICK).fit(frame, y)
        assert any("rows is read as a sequence of the numbers in the" in remark for remark in fitted.remarks_)
        assert fitted.score(frame, y) == expected.score(X, y) and fitted.n_features_in_ == X.shape[1]
        assert fitted.score(frame, y, weights) == expected.score(X, y, weights)
        assert np.array_equal(fitted.predict(frame), expected.predict(X))
    fitted.save(tmp_path / "wide.elman")
    assert elman.load(tmp_path / "wide.elman").score(columns, y) == expected.score(X, y)
    with pytest.raises(ValueError, match=r"y has 47 targets, but the data frame has 48 rows and no column 'id'"):
        kind(**QUICK).fit(columns, y[1:])
    # Few columns, and those of other names, may be anything.
    for frame in (pandas.DataFrame(X[:, :5]), {f"{'ab'[t % 2]}{t}": X[:, t] for t in range(X.shape[1])}):
        with pytest.raises(ValueError, match=r'has no column "id".* with id; if each row is a sequence, .* array \(n, T\)'):
            kind(**QUICK).fit(frame, y)


@pytest.mark.parametrize("layout", ["time", "channels"])
def test_frames_in_a_list_have_their_columns_by_name(layout):
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    rng = np.random.default_rng(6)
    arrays = [rng.normal(size=(7 + n % 3, 2)) for n in range(40)]
    y = np.array([array[:, 0].mean() for array in arrays])
    expected = elman.SequenceRegressor(**QUICK).fit(arrays, y).predict(arrays)
    for frame in (pandas.DataFrame, polars.DataFrame):
        frames = [frame({"a": array[:, 0], "b": array[:, 1]}) for array in arrays]
        fitted = elman.SequenceRegressor(layout=layout, **QUICK).fit(frames, y)
        assert np.array_equal(fitted.predict(frames), expected)
        turned = [frames[0], *(each[["b", "a"]] for each in frames[1:])]
        assert np.array_equal(fitted.predict(turned), expected)
        with pytest.raises(ValueError, match=r"X\[1\] has the columns \['b'\], but the frames before it \['a', 'b'\]"):
            fitted.predict([frames[0], frames[1][["b"]]])


@pytest.mark.parametrize("layout", ["time", "channels"])
def test_frames_as_sktime_has_them(means, layout):
    pandas = pytest.importorskip("pandas")
    X, y = means
    given = X if layout == "time" else X.transpose(0, 2, 1)
    expected = elman.SequenceRegressor(layout=layout, **QUICK).fit(given, y)
    index = pandas.MultiIndex.from_product([[f"s{n}" for n in range(60)], range(8)], names=["instances", "timepoints"])
    indexed = pandas.DataFrame(X.reshape(-1, 2), index=index, columns=["a", "b"])
    nested = pandas.DataFrame({name: [pandas.Series(x[:, k]) for x in X] for k, name in enumerate(["a", "b"])})
    shuffled = indexed.groupby(level=0, sort=False).sample(frac=1, random_state=0)
    for frame in (indexed, nested, shuffled):
        fitted = elman.SequenceRegressor(layout=layout, **QUICK).fit(frame, y)
        assert np.array_equal(fitted.predict(frame), expected.predict(given))
        assert fitted.score(frame, y) == expected.score(given, y)
    nested.iat[3, 1] = pandas.Series(X[3, :5, 1])
    with pytest.raises(ValueError, match=r"X has in row 3 series of \[5, 8\] timesteps; all of a row must have as many"):
        expected.predict(nested)


def test_missing_values_are_refused_or_filled(means):
    X, y = means
    X = X.copy()
    X[3, 2, 1] = np.nan
    with pytest.raises(ValueError, match=r"X\[3\] contains NaN, the first at timestep 2, value 1; .*missing"):
        elman.SequenceRegressor(**QUICK).fit(X, y)
    filled = elman.SequenceRegressor(missing="interpolate", **QUICK).fit(X, y)
    assert np.isfinite(filled.predict(X)).all()
    assert any("filled by a line" in remark for remark in filled.remarks_)
    X[3, :, 1] = np.nan
    dropped = elman.SequenceRegressor(missing="drop", **QUICK).fit(X, y)
    assert dropped.predict(X[:3]).shape == (3,)
    with pytest.raises(ValueError, match='sequence "3" has no row without an empty cell'):
        dropped.predict(X)


def test_hostile_data(means):
    X, y = means
    make = elman.SequenceRegressor
    for wrong, message in [
        (X[:0], "0 sequences"),
        (X[:, :0], "sequence needs at least one timestep"),
        (np.ones(5), "must be"),
        ([X[0], X[1][:, :1]], "values per timestep"),
        (np.where(X > 2, np.inf, X), "infinity"),
        ([], "0 sequences"),
    ]:
        with pytest.raises(ValueError, match=message):
            make(**QUICK).fit(wrong, y[: len(wrong)])
    for strange in (X.astype(complex), np.array([[["a"]]]), "nothing.csv", 3):
        with pytest.raises((TypeError, ValueError, FileNotFoundError)):
            make(**QUICK).fit(strange, None if isinstance(strange, str) else y)
    for targets in (y[:-1], np.where(y > 0, np.nan, y), y[:, None, None], None):
        with pytest.raises(ValueError):
            make(**QUICK).fit(X, targets)
    with pytest.raises(ValueError, match="3 features, but SequenceRegressor is expecting 2"):
        make(**QUICK).fit(X, y).predict(np.ones((2, 4, 3)))
    with pytest.raises(ValueError, match="one class"):
        elman.SequenceClassifier(**QUICK).fit(X, np.zeros(60, int))
    with pytest.raises(ValueError, match="continuous"):
        elman.SequenceClassifier(**QUICK).fit(X, y)
    with pytest.raises(ValueError, match="not fitted"):
        make().predict(X)


def test_options_are_the_librarys():
    for kind, task in [
        (elman.Forecaster, "forecast"),
        (elman.SequenceClassifier, "classify"),
        (elman.SequenceRegressor, "regress"),
    ]:
        assert list(kind().get_params()) == [*_elman.option_names(task), "layout", "verbose"]
        for name in _elman.option_names(task):
            assert f"\n{name} : " in kind.__doc__, name
    for options, error, message in [
        ({"horizn": 3}, ValueError, "no parameter 'horizn'; did you mean horizon?"),
        ({"horizon": "long"}, ValueError, 'horizon: invalid type: string "long"'),
        ({"cell": "lstn"}, ValueError, "cell: unknown variant"),
        ({"momentum": 0.5}, ValueError, "momentum has no meaning for optimiser adamw; leave it out"),
        ({"epochs": 0}, ValueError, "epochs is 0; it must be at least 1"),
        ({"test": 0.5}, ValueError, "of a forecast is 0.5"),
        ({"seed": object()}, TypeError, "seed is of type object"),
        ({"learning_rate": 1e9, "clip": 0, "optimiser": "sgd"}, FloatingPointError, "diverged"),
    ]:
        with pytest.raises(error, match=message.replace("?", r"\?")):
            elman.Forecaster(verbose=0, **options).fit(elman.airline())


def test_seeds_decide_everything(means):
    a, b, c = (elman.SequenceRegressor(seed=seed, **QUICK).fit(*means).predict(means[0]) for seed in (1, 1, 2))
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_pickles_and_files_come_back(classifier, regressor, forecaster, waves, means, tmp_path):
    for fitted, X in [(classifier, waves[0]), (regressor, means[0])]:
        copy = pickle.loads(pickle.dumps(fitted))
        assert np.array_equal(copy.predict(X), fitted.predict(X)) and copy.get_params() == fitted.get_params()
        fitted.save(tmp_path / "m.elman")
        for back in (elman.load(tmp_path / "m.elman"), type(fitted).load(tmp_path / "m.elman")):
            assert type(back) is type(fitted) and np.array_equal(back.predict(X), fitted.predict(X))
            assert back.test_ == fitted.test_
    copy = pickle.loads(pickle.dumps(forecaster))
    assert list(copy.predict()["passengers_forecast"]) == list(forecaster.predict()["passengers_forecast"])
    forecaster.save(tmp_path / "f.elman")
    back = elman.load(tmp_path / "f.elman")
    assert list(back.predict(elman.airline())["passengers_forecast"]) == list(
        forecaster.predict()["passengers_forecast"]
    )
    with pytest.raises(ValueError, match="knows no series"):
        back.predict()
    with pytest.raises(ValueError, match="is a model to forecast"):
        elman.SequenceRegressor.load(tmp_path / "f.elman")
    with pytest.raises(FileNotFoundError):
        elman.load(tmp_path / "none.elman")
    assert forecaster.network().tensors[0].name == "weight_ih_l0"


@pytest.mark.skipif("ELMAN" not in os.environ, reason="ELMAN does not name the program")
def test_the_program_and_python_share_models(forecaster, tmp_path):
    program = os.environ["ELMAN"]

    def run(*arguments):
        return subprocess.run([program, *arguments], check=True, capture_output=True, text=True, cwd=tmp_path).stdout

    run("train", "-q")
    forecaster.save(tmp_path / "python.elman")
    theirs, ours = ((tmp_path / name).read_bytes() for name in ("airline.elman", "python.elman"))
    # The name of the data apart, which is part of the record.
    assert theirs.replace(b"airline.csv (built in)", b"the data")[-2000:] == ours[-2000:]
    elman.airline().to_csv(tmp_path / "a.csv", index=False)
    assert run("predict", "python.elman", "a.csv") == run("predict", "airline.elman", "a.csv")
    back = elman.load(tmp_path / "airline.elman")
    assert list(back.predict(elman.airline())["passengers_forecast"]) == list(
        forecaster.predict()["passengers_forecast"]
    )


@pytest.mark.skipif("ELMAN" not in os.environ, reason="ELMAN does not name the program")
def test_what_was_built_without_parquet_says_so(forecaster, tmp_path):
    forecaster.save(tmp_path / "m.elman")
    (tmp_path / "d.parquet").write_bytes(b"PAR1" + bytes(20) + b"PAR1")

    def refuses(*arguments):
        arguments = [os.environ["ELMAN"], "predict", "m.elman", *arguments]
        run = subprocess.run(arguments, capture_output=True, text=True, cwd=tmp_path)
        assert run.returncode in (1, 2) and run.stdout == ""
        return run.stderr

    assert "built with the feature parquet" in refuses("d.parquet")
    said = refuses("-o", "p.parquet")
    assert "p.parquet: Parquet is written where this was built with the feature parquet" in said
    assert "give a name that ends in .csv, .jsonl or .npy" in said and not (tmp_path / "p.parquet").exists()


def test_ctrl_c_keeps_the_best(ctrl_c):
    X = np.random.default_rng(0).normal(size=(200, 50, 4))
    estimator = elman.SequenceRegressor(epochs=100_000, hidden_size=16, verbose=0)
    ctrl_c(2.0)
    start = time.monotonic()
    estimator.fit(X, X[:, :, 0].mean(axis=1))
    assert time.monotonic() - start < 20
    assert estimator.record_["ended"] == "interrupted" and len(estimator.history_["train_loss"]) >= 1
    assert any("interrupted" in remark for remark in estimator.remarks_)
    assert estimator.predict(X[:2]).shape == (2,)


def test_ctrl_c_in_a_search_is_an_exception(waves, ctrl_c):
    ctrl_c(0.5)
    with pytest.raises(KeyboardInterrupt):
        elman.SequenceClassifier(epochs=100_000, verbose=0).fit(*waves)


def test_ctrl_c_ends_a_text_that_is_written(ctrl_c, text_model):
    ctrl_c(0.5)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        text_model.generate("a", length=10**9)
    assert time.monotonic() - start < 20


def test_what_is_said_depends_on_verbose(means, capfd):
    elman.SequenceRegressor(**QUICK).fit(*means)
    assert capfd.readouterr() == ("", "")
    estimator = elman.SequenceRegressor(epochs=3, verbose=2).fit(*means)
    out, err = capfd.readouterr()
    told = [line.split(":")[0] for line in err.splitlines()]
    assert out == "" and told == ["split", "epoch 1 of 3", "epoch 2 of 3", "epoch 3 of 3"]
    # How the run was laid out is no warning; what was guessed is.
    assert estimator.remarks_ == [] and estimator.reports_[0].startswith("split: 43 sequences")
    with pytest.warns(elman.Remark) as warned:
        table = {"shop": ["a", "b"] * 60, "day": np.repeat(np.arange("2024-01-01", "2024-03-01", dtype="M8[D]"), 2)}
        elman.Forecaster(horizon=3, epochs=1).fit({**table, "sold": np.arange(120) % 7 + 1.0})
    assert any(str(warning.message).startswith("the rows hold several series") for warning in warned)


def daily(library, zone=None, kind=None):
    """120 days from January 2020 on with the hour that clocks are put forward among them, of a type of times."""
    pandas = pytest.importorskip("pandas")
    days = pandas.date_range("2020-01-01", periods=120, tz=zone)
    frame = pandas.DataFrame({"ds": days, "y": np.sin(np.arange(120) / 5) + 2})
    if library == "pandas":
        return frame if kind is None else frame.assign(ds=frame["ds"].dt.to_period(kind))
    if library == "pyarrow":
        return pytest.importorskip("pyarrow").Table.from_pandas(frame)
    polars = pytest.importorskip("polars")
    found = polars.from_pandas(frame)
    if kind == "date":
        return found.with_columns(polars.col("ds").cast(polars.Date))
    return found.lazy() if kind == "lazy" else found


@pytest.mark.parametrize(
    "form",
    [
        ("pandas",),
        ("pandas", "Europe/Berlin"),
        ("pandas", "UTC"),
        ("pandas", None, "D"),
        ("polars",),
        ("polars", "Europe/Berlin"),
        ("polars", None, "date"),
        ("polars", None, "lazy"),
        ("pyarrow",),
        ("pyarrow", "Europe/Berlin"),
    ],
)
def test_times_come_back_in_the_type_in_which_they_came(form):
    frame = daily(*form)
    fitted = elman.Forecaster(horizon=3, **QUICK).fit(frame)
    expected = elman.Forecaster(horizon=3, **QUICK).fit(daily("pandas")).predict()
    found = fitted.predict(frame)
    frame = frame.collect() if hasattr(frame, "collect") else frame
    if form[0] == "pandas":
        assert found["ds"].dtype == frame["ds"].dtype
    else:
        assert found.schema.field("ds").type == frame.schema.field("ds").type if form[0] == "pyarrow" else (
            found.schema["ds"] == frame.schema["ds"]
        )
    days = found["ds"].to_pylist() if form[0] == "pyarrow" else list(found["ds"])
    assert [str(day)[:10] for day in days] == ["2020-04-30", "2020-05-01", "2020-05-02"]
    assert np.array_equal(np.asarray(found["y_forecast"]), np.asarray(expected["y_forecast"]))


def test_an_index_of_times_is_a_column():
    frame = daily("pandas")
    expected = elman.Forecaster(horizon=3, **QUICK).fit(frame).predict()
    indexed = frame.set_index("ds")
    for same, name in [
        (indexed, "ds"),
        (indexed.rename_axis(None), "ds"),
        (indexed.rename_axis("when"), "when"),
        (indexed["y"], "ds"),
        (indexed["y"].rename("price").rename_axis("when"), "ds"),
    ]:
        fitted = elman.Forecaster(horizon=3, **QUICK).fit(same)
        for found in (fitted.predict(), fitted.predict(same), fitted.backtest().rows[-3:]):
            assert found[name].dtype == frame["ds"].dtype
        assert fitted.predict().rename(columns={name: "ds"}).equals(expected)
    periods = elman.Forecaster(horizon=3, **QUICK).fit(indexed.to_period("D")).predict()
    assert [str(day) for day in periods["ds"]] == ["2020-04-30", "2020-05-01", "2020-05-02"]
    with pytest.raises(ValueError, match="the index tells times, and so does a column 'ds'"):
        elman.Forecaster(**QUICK).fit(indexed.assign(ds=1))


def test_ids_come_back_in_the_type_in_which_they_came():
    pandas, polars, pyarrow = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    frame = pandas.concat([daily("pandas").assign(unique_id=n) for n in (3, 7)])
    answers = elman.Forecaster(horizon=3, **QUICK).fit(frame).predict()
    assert answers["unique_id"].tolist() == [3, 3, 3, 7, 7, 7]
    assert len(answers.merge(frame, on=["unique_id", "ds"], how="left")) == 6
    for other in (polars.from_pandas(frame), pyarrow.Table.from_pandas(frame, preserve_index=False)):
        ids = elman.Forecaster(horizon=3, **QUICK).fit(other).predict()["unique_id"]
        assert (ids.to_pylist() if hasattr(ids, "to_pylist") else ids.to_list()) == [3, 3, 3, 7, 7, 7]


def as_library(library, frame):
    """A frame of pandas as one of another library."""
    if library == "pandas":
        return frame
    module = pytest.importorskip(library)
    return module.from_pandas(frame) if library == "polars" else module.Table.from_pandas(frame, preserve_index=False)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_forecasts_stay_numbers_beside_input_columns_of_their_name(library):
    fitted = elman.Forecaster(horizon=3, **QUICK).fit(daily("pandas"))
    expected = np.asarray(fitted.predict()["y_forecast"])
    frame = as_library(library, daily("pandas").assign(y_forecast=1, actual=2))
    found = np.asarray(fitted.predict(frame)["y_forecast"])
    assert found.dtype == float and np.array_equal(found, expected)
    actual = np.asarray(fitted.backtest(frame).rows["actual"])
    assert actual.dtype == float and np.array_equal(actual, np.asarray(fitted.backtest().rows["actual"]))


def of_days(days):
    return [day.date() for day in days]


def in_objects(zone):
    return lambda days: np.array([day.to_pydatetime().replace(tzinfo=zone) for day in days], dtype=object)


@pytest.mark.parametrize(
    "times, ids, kind",
    [
        (of_days, [3, 7], None),
        (in_objects(timezone(timedelta(hours=1))), [3, 7], None),
        (None, [3, 7], "category"),
        (None, ["a", "b"], "category"),
        (None, [3, 7], object),
        (None, [3, 7], "Int64"),
        (None, [3.5, 7.25], None),
        (None, [False, True], None),
        (None, [False, True], object),
        (None, [False, True], "boolean"),
    ],
)
def test_answers_can_be_joined_with_what_came_in(times, ids, kind):
    pandas = pytest.importorskip("pandas")
    one = daily("pandas")
    one = one if times is None else one.assign(ds=times(one["ds"]))
    frame = pandas.concat([one.assign(unique_id=name) for name in ids], ignore_index=True)
    frame = frame if kind is None else frame.astype({"unique_id": kind})
    fitted = elman.Forecaster(horizon=3, **QUICK).fit(frame)
    answers, rows = fitted.predict(), fitted.backtest().rows
    for found in (answers, rows):
        assert (found["ds"].dtype, found["unique_id"].dtype) == (frame["ds"].dtype, frame["unique_id"].dtype)
    assert answers["unique_id"].tolist() == [name for name in ids for _ in range(3)]
    assert type(answers["ds"][0]) is type(frame["ds"][0])
    joined = rows.merge(frame, on=["unique_id", "ds"])
    assert len(joined) == len(rows) > 0 and np.allclose(joined["actual"], joined["y"])
    # An origin is the time of a row as well.
    assert rows["origin"].dtype == frame["ds"].dtype
    assert len(rows.merge(frame, left_on=["unique_id", "origin"], right_on=["unique_id", "ds"])) == len(rows)


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
@pytest.mark.parametrize("ids, kind", [([False, True], bool), (["a", "b"], "category"), ([3.5, 7.25], float)])
def test_answers_have_the_types_of_other_libraries(library, ids, kind):
    pandas = pytest.importorskip("pandas")
    frame = pandas.concat([daily("pandas").assign(unique_id=name) for name in ids]).astype({"unique_id": kind})
    frame = as_library(library, frame)
    rows = elman.Forecaster(horizon=3, **QUICK).fit(frame).backtest().rows
    found, came = (
        data.schema if library == "polars" else dict(zip(data.schema.names, data.schema.types)) for data in (rows, frame)
    )
    assert [found[name] for name in ("unique_id", "ds", "origin")] == [came["unique_id"], came["ds"], came["ds"]]


def test_names_that_are_no_text_come_back():
    frame = daily("pandas").rename(columns={"ds": 0, "y": 1})
    found = elman.Forecaster(horizon=3, time="0", target="1", **QUICK).fit(frame).predict()
    assert list(found.columns) == [0, "1_forecast"] and found[0].dtype == frame[0].dtype


def test_what_does_not_go_into_a_type_stays_text():
    pandas = pytest.importorskip("pandas")
    frame = pandas.concat([daily("pandas").assign(unique_id=name) for name in (3, "b")])
    assert elman.Forecaster(horizon=1, **QUICK).fit(frame).predict()["unique_id"].tolist() == ["3", "b"]


def test_an_index_of_series_and_times_is_two_columns():
    pandas = pytest.importorskip("pandas")
    frame = pandas.concat([daily("pandas").assign(unique_id=name) for name in ("a", "b")], ignore_index=True)
    frame["y"] *= np.where(frame["unique_id"] == "a", 1, 3)
    expected = elman.Forecaster(horizon=3, **QUICK).fit(frame).predict()
    indexed = frame.set_index(["unique_id", "ds"])
    for same, names in [
        (indexed, ["unique_id", "ds"]),
        (indexed["y"].rename("price"), ["unique_id", "ds"]),
        (indexed.rename_axis([None, None]), ["unique_id", "ds"]),
        (indexed.rename_axis(["shop", "when"]), ["shop", "when"]),
        (indexed.rename_axis([0, 1]), [0, 1]),
        (indexed.swaplevel(), ["unique_id", "ds"]),
    ]:
        fitted = elman.Forecaster(horizon=3, **QUICK).fit(same)
        for found in (fitted.predict(), fitted.predict(same)):
            assert found.set_axis(expected.columns, axis=1).equals(expected) and list(found.columns[:2]) == names
    for other, message in [
        (frame.assign(shop=1).set_index(["shop", "unique_id", "ds"]), "3 levels, of which 1 tell times.*reset_index"),
        (frame.set_index(["unique_id", "y"]), "2 levels, of which 0 tell times.*reset_index"),
        (indexed.assign(unique_id=1), "the index tells series apart, and so does a column 'unique_id'"),
    ]:
        with pytest.raises(ValueError, match=message):
            elman.Forecaster(**QUICK).fit(other)


def test_an_index_may_have_a_name_that_is_no_text():
    frame = daily("pandas")
    expected = elman.Forecaster(horizon=3, **QUICK).fit(frame).predict()
    found = elman.Forecaster(horizon=3, **QUICK).fit(frame.set_index("ds").rename_axis(0)).predict()
    assert found.rename(columns={0: "ds"}).equals(expected)
    with pytest.raises(ValueError, match="the index tells times, and so does a column 0"):
        elman.Forecaster(**QUICK).fit(frame.assign(**{"0": 1}).set_index("ds").rename_axis(0))


def test_weeks_are_told_by_periods():
    pandas = pytest.importorskip("pandas")
    weeks = pandas.period_range("2020-01-06", periods=120, freq="W")
    frame = daily("pandas").assign(ds=weeks)
    fitted = elman.Forecaster(horizon=2, **QUICK).fit(frame)
    assert "weeks ahead" in fitted.describe()
    answers = fitted.predict()
    assert answers["ds"].tolist() == [weeks[-1] + 1, weeks[-1] + 2] and answers["ds"].dtype == frame["ds"].dtype


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "CET"])
def test_the_only_column_of_times_has_the_clocks_of_its_zone(library, zone):
    # Clocks are put forward among these days.
    frame = as_library(library, daily("pandas", zone).rename(columns={"ds": "when"}))
    expected = elman.Forecaster(horizon=3, **QUICK).fit(daily("pandas")).predict()
    found = elman.Forecaster(horizon=3, **QUICK).fit(frame).predict()
    times = found["when"].to_pylist() if library == "pyarrow" else list(found["when"])
    assert [time.isoformat() for time in times] == [f"2020-{day}T00:00:00+02:00" for day in ("04-30", "05-01", "05-02")]
    assert np.array_equal(np.asarray(found["y_forecast"]), np.asarray(expected["y_forecast"]))


def test_of_several_columns_of_times_the_named_one_has_the_clocks():
    frame = daily("pandas", "Europe/Berlin").rename(columns={"ds": "when"}).assign(other=daily("pandas")["ds"])
    with pytest.raises(ValueError, match="is read in its own time zone: time='when'"):
        elman.Forecaster(horizon=3, **QUICK).fit(frame)
    found = elman.Forecaster(horizon=3, time="when", **QUICK).fit(frame).predict()
    assert found["when"].dtype == frame["when"].dtype and len(found) == 3


def test_zones_that_are_not_those_of_training_are_told(tmp_path):
    naive, berlin, utc = (daily("pandas", zone) for zone in (None, "Europe/Berlin", "UTC"))
    by_clocks = elman.Forecaster(horizon=3, **QUICK).fit(berlin)
    message = r"X have no time zone, but .* training have the time zone Europe/Berlin; .*tz_localize\('Europe/Berlin'\)"
    by_clocks.save(tmp_path / "berlin.elman")
    loaded = elman.load(tmp_path / "berlin.elman")
    assert np.array_equal(loaded.predict(berlin)["y_forecast"], by_clocks.predict()["y_forecast"])
    for answer in (by_clocks.predict, by_clocks.predict_interval, by_clocks.backtest, by_clocks.score, loaded.predict):
        with pytest.raises(ValueError, match=message):
            answer(naive)
    for known, message in [(naive, r"training have no time zone; .*tz_localize\(None\)"), (utc, r"tz_convert\('UTC'\)")]:
        with pytest.raises(ValueError, match=f"X have the time zone Europe/Berlin, but .*{message}"):
            elman.Forecaster(horizon=3, **QUICK).fit(known).predict(berlin)
    # The same moments by other clocks are no other times.
    moments = berlin.assign(ds=berlin["ds"].dt.tz_convert("UTC"))
    assert np.array_equal(by_clocks.predict(moments)["y_forecast"], by_clocks.predict()["y_forecast"])
    # What has nothing to do with time zones is said as ever.
    with pytest.raises(ValueError, match='no column "ds"'):
        by_clocks.predict(naive[["y"]])


def test_pictures(forecaster, regressor, tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    axes = forecaster.plot()
    assert [len(line.get_xdata()) for line in axes.lines] == [144, 12] and len(axes.collections) == 1
    assert regressor.plot_history().get_xlabel() == "epoch"
    regressor.save(tmp_path / "r.elman")
    with pytest.raises(ValueError, match="there are no learning curves: a model from a file has none"):
        elman.load(tmp_path / "r.elman").plot_history()
    matplotlib.pyplot.close("all")


def test_one_of_several_series_is_drawn():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    values, days = np.sin(np.arange(60)) + 2, np.arange("2024-01-01", "2024-03-01", dtype="M8[D]")
    long = {"shop": np.repeat(["a", "b"], 60), "day": np.tile(days, 2), "sold": np.concatenate([values, values + 5])}
    wide = {"day": days, "a": values, "b": values + 5}
    array = np.stack([values, values + 5])
    for data, options, names in [(long, {}, "ab"), (wide, {"target": "all"}, "ab"), (array, {}, [0, 1])]:
        fitted = elman.Forecaster(horizon=2, **options, **QUICK).fit(data)
        with pytest.raises(ValueError, match=f"there are several series; plot one of 2 with series='{names[0]}'"):
            fitted.plot()
        with pytest.raises(ValueError, match="there is no series 'c'"):
            fitted.plot(series="c")
        for name, above in zip(names, (0, 5)):
            axes = fitted.plot(series=name)
            known, ahead = (line.get_ydata() for line in axes.lines)
            assert np.allclose(known, values + above) and len(ahead) == 2 and (abs(ahead - 2 - above) < 2).all()
            if data is not array:
                assert axes.get_xticklabels()[-1].get_text() == "2024-03-02"
        if data is long:
            rows = {name: column[60:] for name, column in long.items()}
            assert len(fitted.plot(X=rows).lines[0].get_xdata()) == 60
        elif data is array:
            # By itself a series is none of those that were learned from, as a third row is.
            third = fitted.predict(np.stack([*array, values + 3]))[2]
            assert np.array_equal(fitted.plot(X=values + 3).lines[1].get_ydata(), third)
    matplotlib.pyplot.close("all")


def test_series_come_by_channels_too():
    values = np.sin(np.arange(60)) + 2
    expected = elman.Forecaster(horizon=2, **QUICK).fit(np.stack([values, 2 * values])).predict()
    channels = np.stack([values, 2 * values])[:, None]
    assert np.array_equal(elman.Forecaster(layout="channels", horizon=2, **QUICK).fit(channels).predict(), expected)
    with pytest.raises(ValueError, match="layout is 'bogus'"):
        elman.Forecaster(layout="bogus", horizon=2, **QUICK).fit(elman.airline())


def test_several_columns_are_a_list_or_a_text():
    days = np.arange("2024-01-01", "2024-03-01", dtype="M8[D]")
    data = {"ds": days, "y": np.sin(np.arange(60)), "price": np.arange(60) % 5, "rain": np.arange(60) % 3}
    for name, alone in [("past_covariates", "price"), ("future_covariates", "price"), ("calendar", "week")]:
        models = [elman.Forecaster(horizon=2, **{name: value}, **QUICK).fit(data) for value in (alone, [alone], (alone,))]
        assert len({model.model_.task_json for model in models}) == 1, name
    both = [elman.Forecaster(horizon=2, past_covariates=value, **QUICK).fit(data) for value in ("price,rain", ["price", "rain"])]
    assert both[0].model_.task_json == both[1].model_.task_json
    # Steps ahead are whole numbers.
    rows = both[0].backtest().rows
    assert rows["step"].dtype == np.int64 and set(rows["step"]) == {1, 2}
    X = np.random.default_rng(0).normal(size=(40, 6, 2))
    for several in ("x0", ["x0"], np.array(["x0"]), "x0,x1", ["x0", "x1"], np.array(["x0", "x1"])):
        fitted = elman.SequenceRegressor(features=several, **QUICK).fit(X, X[:, :, 0].mean(axis=1))
        assert fitted.network().input_size == np.size(several) + str(several).count(",x1") and "x0" in repr(fitted)
    levels = [elman.SequenceRegressor(loss="quantile", quantiles=q) for q in ("0.1,0.5,0.9", (0.1, 0.5, 0.9))]
    answers = [each.set_params(**QUICK).fit(X, X[:, :, 0].mean(axis=1)).predict(X) for each in levels]
    assert np.array_equal(*answers)


@pytest.mark.parametrize("names", [("f32", "float32", np.float32), ("f64", "float64", np.dtype("float64"))])
def test_number_types_have_the_programs_names_and_numpys(names):
    X = np.random.default_rng(0).normal(size=(40, 6, 2))
    fitted = [elman.SequenceRegressor(dtype=name, **QUICK).fit(X, X[:, :, 0].mean(axis=1)) for name in names]
    assert all(np.array_equal(each.predict(X), fitted[0].predict(X)) for each in fitted)
    networks = {elman.Network([elman.GRU(2)], input_size=2, dtype=name).dtype for name in names}
    assert networks == {fitted[0].network().dtype}


def test_a_stream_of_arrow_is_read_once():
    pyarrow = pytest.importorskip("pyarrow")
    X = np.random.default_rng(0).normal(size=(40, 6))
    y = np.where(X.mean(axis=1) > 0, "up", "down")
    table = pyarrow.table({"id": np.repeat(np.arange(40), 6), "a": X.ravel(), "target": np.repeat(y, 6)})
    for make in (elman.SequenceClassifier(search=False, **QUICK), elman.SequenceLabeler(**QUICK)):
        whole, fitted = make.fit(table).predict(table), make.fit(table.to_reader())
        assert fitted.predict(table.to_reader()).equals(whole)
        assert fitted.score(table.to_reader()) == fitted.score(table)
    fitted = elman.SequenceClassifier(search=False, **QUICK).fit(table.to_reader())
    assert fitted.score(table.to_reader(), np.repeat(y, 6)) == fitted.score(table)


def test_a_notebook_shows_what_it_is(forecaster):
    html = forecaster._repr_html_()
    assert "<th>seasonal naive</th>" in html and "passengers" in html and "3.797" in html
    assert "<code>SequenceRegressor(cell=&#x27;gru&#x27;)</code>" in elman.SequenceRegressor(cell="gru")._repr_html_()


def test_sweeps_are_the_same_side_by_side(means, tmp_path):
    estimator, params = elman.SequenceRegressor(epochs=3, verbose=0), elman.grid(hidden_size=[4, 8], seed=[0, 1])
    alone = elman.sweep(estimator, params, *means, jobs=1)
    trials, of = alone
    (_, score, _, error), *_ = trials
    assert (of, score, error) == (estimator, trials[0].score, None)
    assert [trial.params for trial in alone.trials] == params
    side_by_side = elman.sweep(estimator, params, *means, jobs=2, folder=tmp_path)
    assert side_by_side.trials == alone.trials
    assert elman.run_trial(estimator, params[2], *means) == alone.trials[2]
    # Broken off after two: the others are there.
    places = sorted(tmp_path.iterdir())
    times = [place.stat().st_mtime_ns for place in places[2:]]
    for place in places[:2]:
        place.unlink()
    assert elman.sweep(estimator, params, *means, jobs=1, folder=tmp_path).trials == alone.trials
    assert [place.stat().st_mtime_ns for place in places[2:]] == times
    places[0].write_bytes(places[0].read_bytes()[:-9])
    with pytest.raises(ValueError, match=rf"{places[0].name} is no finished trial .*; remove it"):
        elman.sweep(estimator, params, *means, jobs=1, folder=tmp_path)
    best = alone.best_estimator()
    assert best.score(*means) == pytest.approx(
        elman.SequenceRegressor(epochs=3, verbose=0, **alone.best.params).fit(*means).score(*means)
    )
    wrong = elman.sweep(estimator, [{"epochs": 0}], *means, jobs=1)
    assert "epochs is 0" in wrong.trials[0].error
    with pytest.raises(ValueError, match="every trial failed"):
        wrong.best
    with pytest.raises(ValueError, match="no parameter"):
        elman.sweep(estimator, [{"epoch": 1}], *means)


def test_trials_of_other_processes_are_found_again(means, tmp_path):
    estimator, params = elman.SequenceRegressor(epochs=2, verbose=0), elman.grid(hidden_size=[4, 8])
    # What another process has is a copy, part by part, of arrays as Ray has them: in memory that cannot be written to.
    def sent(part):
        buffers = []
        return pickle.loads(pickle.dumps(part, protocol=5, buffer_callback=buffers.append), buffers=map(bytes, buffers))

    copies = [[sent(part) for part in (estimator, options, *means)] for options in params]
    assert not copies[0][2].flags.writeable
    done = [elman.run_trial(*copy, folder=tmp_path) for copy in copies]
    times = {place.name: place.stat().st_mtime_ns for place in tmp_path.iterdir()}
    assert len(times) == 2
    assert [elman.run_trial(estimator, options, *means, folder=tmp_path) for options in params] == done
    assert elman.sweep(estimator, params, *means, jobs=1, folder=tmp_path).trials == done
    assert {place.name: place.stat().st_mtime_ns for place in tmp_path.iterdir()} == times
    # What was learned before is no part of it; other data make another trial.
    estimator.fit(*means)
    assert [elman.run_trial(estimator, options, *means, folder=tmp_path) for options in params] == done
    elman.run_trial(estimator, params[0], means[0], means[1] + 1.0, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_trial_knows_its_file_by_what_it_holds(tmp_path):
    path, folder = tmp_path / "series.csv", tmp_path / "trials"
    estimator = elman.Forecaster(horizon=2, **QUICK)

    def trial(values):
        path.write_text("y\n" + "\n".join(map(str, values)) + "\n")
        return elman.run_trial(estimator, {}, path, folder=folder)

    rows = np.arange(60) % 7
    first, again, other = trial(rows), trial(rows), trial(rows[::-1])
    assert first == again and first.score != other.score and len(list(folder.iterdir())) == 2


def test_a_trial_on_a_ray_cluster_is_the_same(means, tmp_path):
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    estimator, params = elman.SequenceRegressor(epochs=3, verbose=0), elman.grid(hidden_size=[4, 8], seed=[0, 1])
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        trial = ray.remote(elman.run_trial)
        found = ray.get([trial.remote(estimator, options, *means, folder=tmp_path) for options in params])
    finally:
        ray.shutdown()
    times = {place.name: place.stat().st_mtime_ns for place in tmp_path.iterdir()}
    assert found == elman.sweep(estimator, params, *means, jobs=1).trials
    # What the cluster has done need not be done again.
    assert found == elman.sweep(estimator, params, *means, jobs=1, folder=tmp_path).trials
    assert {place.name: place.stat().st_mtime_ns for place in tmp_path.iterdir()} == times


def test_the_record_says_how_it_came_about(regressor):
    assert regressor.record_["recipe"]["train"]["epochs"] == 40
    assert json.loads(regressor.model_.record) == regressor.record_
    assert "target" in regressor.describe() and sys.getrefcount(regressor.model_) < 10


RHYME = "Peter Piper picked a peck of pickled peppers.\n"


@pytest.fixture(scope="module")
def text_model():
    return elman.TextModel(hidden_size=24, embedding_dim=8, epochs=30, learning_rate=0.02, verbose=0).fit(RHYME * 60)


def test_a_text_is_learned_and_gone_on_with(text_model, tmp_path):
    assert text_model.test_["elman"]["bits_per_character"] < 0.05
    assert text_model.test_["frequencies"]["bits_per_character"] > 3
    assert text_model.generate("Peter", len(RHYME), temperature=0) == RHYME[5:] + RHYME[:5]
    assert text_model.generate("Peter", stop="picked", temperature=0) == " Piper "
    assert text_model.generate("", 30, seed=1) == text_model.generate("", 30, seed=1)
    assert -0.1 < text_model.score(RHYME * 2) < 0
    # The same text in other forms.
    path = tmp_path / "rhyme.txt"
    path.write_text(RHYME * 2)
    assert text_model.score(path) == text_model.score((RHYME * 2).encode()) == text_model.score(RHYME * 2)
    bits = text_model.predict(RHYME * 2)
    assert list(bits) == ["character", "bits", "predicted"]
    assert "".join(bits["character"]) == RHYME * 2 and np.isnan(bits["bits"][0])
    assert -np.mean(bits["bits"][1:]) == pytest.approx(text_model.score(RHYME * 2), abs=1e-9)


def test_a_text_model_is_saved_and_pickled(text_model, tmp_path):
    path = tmp_path / "m.elman"
    text_model.save(path)
    for again in (elman.TextModel.load(path), elman.load(path), pickle.loads(pickle.dumps(text_model))):
        assert type(again) is elman.TextModel
        written = [model.generate("Pe", 60, temperature=2.0, seed=3) for model in (again, text_model)]
        assert written[0] == written[1]


def test_a_text_model_refuses_what_it_does_not_know(text_model):
    for call, message in [
        (lambda: text_model.generate("Zo\u00eb"), "does not know 2 characters"),
        (lambda: text_model.generate(temperature=-1), "temperature is -1; it must be 0 or above"),
        (lambda: text_model.generate(top_k=0), "top_k is 0"),
        (lambda: text_model.generate(length=-5), "length is -5; it must be at least 1"),
        (lambda: text_model.generate(seed=-1), "seed is -1; it must be at least 0"),
        (lambda: text_model.generate(top_p=2.0), "top_p is 2"),
        (lambda: text_model.generate(stop=""), "stop is empty"),
        (lambda: text_model.score(b"\xff"), "byte 0: 0xFF is not UTF-8"),
        (lambda: elman.TextModel(verbose=0).fit(""), "the text: the text is empty"),
        (lambda: elman.TextModel(target="a"), "no parameter 'target'"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(TypeError, match=r"the text is list; it must be a str, .* joined"):
        elman.TextModel(verbose=0).fit([RHYME] * 60)


def test_what_a_model_does_not_know_of_a_prompt_is_remarked():
    model = elman.TextModel(unknown=True, hidden_size=4, embedding_dim=4, epochs=1, verbose=0).fit(RHYME * 60)
    model.set_params(verbose=1)
    with pytest.warns(elman.Remark, match="the prompt: 1 of 3 characters .* is not known"):
        model.generate("Pö ", 5)


def test_bytes_that_are_no_text_are_generated_as_bytes():
    options = {"tokens": "bytes", "hidden_size": 8, "embedding_dim": 4, "epochs": 30, "learning_rate": 0.03}
    model = elman.TextModel(**options, verbose=0).fit(b"\xff\x00\xc3(" * 1000)
    assert model.generate_bytes("(", 6, temperature=0) == b"\xff\x00\xc3(\xff\x00"
    with pytest.raises(ValueError, match="byte 0: it is no UTF-8.*take its bytes by generate_bytes"):
        model.generate("(", 6, temperature=0)
    assert model.score(b"\xff\x00\xc3(" * 9) > -0.2


@pytest.fixture(scope="module")
def sums():
    """Sums so far of what came in, of which some are not known."""
    X = np.random.default_rng(3).normal(size=(40, 25, 1))
    y = np.cumsum(X[:, :, 0], axis=1)
    y[::5, 3] = np.nan
    return X, y


def test_a_labeler_answers_every_timestep(sums, tmp_path):
    X, y = sums
    labeler = elman.SequenceLabeler(epochs=40, hidden_size=16, learning_rate=0.01, verbose=0).fit(X, y)
    assert labeler.classes_ is None and labeler.test_["elman"]["r2"] > 0.8
    assert "8 of 1,000 rows have no target: they are read, and count nothing" in labeler.remarks_
    predicted = labeler.predict(X)
    assert predicted.shape == y.shape
    known = ~np.isnan(y)
    residuals, spread = ((predicted - y)[known] ** 2).sum(), ((y - y[known].mean())[known] ** 2).sum()
    assert labeler.score(X, y) == pytest.approx(1 - residuals / spread, abs=1e-9)
    # Lists give lists, of whatever lengths, and each sequence is for itself.
    listed = labeler.predict([X[0], X[1, :7]])
    assert np.array_equal(listed[0], predicted[0]) and np.array_equal(listed[1], predicted[1, :7])
    labeler.save(tmp_path / "m.elman")
    loaded = elman.load(tmp_path / "m.elman")
    assert isinstance(loaded, elman.SequenceLabeler) and np.array_equal(loaded.predict(X), predicted)
    with pytest.raises(ValueError, match="y has 24 targets, but X has 1000 timesteps"):
        labeler.fit(X, y[:1, :24])
    with pytest.raises(AttributeError, match="no probabilities"):
        labeler.predict_proba(X)


def test_a_labeler_knows_classes_and_frames(sums):
    X, y = sums
    classes = np.where(np.isnan(y), None, np.where(np.nan_to_num(y) > 0, "above", "below"))
    labeler = elman.SequenceLabeler(epochs=20, hidden_size=16, learning_rate=0.01, verbose=0).fit(X, classes)
    assert labeler.classes_.tolist() == ["above", "below"]
    assert labeler.predict_proba(X).shape == (40, 25, 2)
    predicted = labeler.predict(X)
    known = ~np.isnan(y)
    assert labeler.score(X, classes) == pytest.approx(np.mean(predicted[known] == classes[known]))
    assert labeler.score(X, classes) > 0.9
    # Whole numbers are classes as well.
    numbered = elman.SequenceLabeler(**QUICK).fit(X, (np.nan_to_num(y) > 0).astype(int))
    assert set(np.unique(numbered.predict(X))) <= {0, 1} and numbered.classes_.tolist() == [0, 1]
    assert numbered.classes_.dtype == int and numbered.predict(X).dtype == int
    # Classes come back in the type in which they came.
    truths = elman.SequenceLabeler(**QUICK).fit(X, np.nan_to_num(y) > 0)
    assert truths.classes_.dtype == bool and truths.classes_.tolist() == [False, True]
    assert truths.predict(X).dtype == bool
    marked = elman.SequenceLabeler(**QUICK).fit(X, np.where(np.isnan(y), None, np.where(y > 0, 7, 3)).astype(object))
    assert marked.classes_.dtype.kind == "i" and sorted(marked.classes_.tolist()) == [3, 7]
    with pytest.raises(ValueError, match="requires y to be passed"):
        truths.score(X)
    # Sequences of unequal lengths, however they are held.
    lengths = [25 - n % 7 for n in range(40)]
    ragged, labels = [[part[:n] for part, n in zip(whole, lengths)] for whole in (X, np.nan_to_num(y) > 0)]
    array, array_labels = np.empty(40, dtype=object), np.empty(40, dtype=object)
    array[:], array_labels[:] = ragged, labels
    listed = elman.SequenceLabeler(**QUICK).fit(ragged, labels)
    for same, known in [(tuple(ragged), tuple(labels)), (array, array_labels)]:
        other = elman.SequenceLabeler(**QUICK).fit(same, known)
        predicted = other.predict(same)
        assert isinstance(predicted, list) and [len(part) for part in predicted] == lengths
        assert all(np.array_equal(a, b) for a, b in zip(predicted, listed.predict(ragged)))
        assert other.score(same, known) == listed.score(ragged, labels)
    # A frame is a recording: its last rows are the test.
    frame = {"x": X[:, :, 0].ravel(), "target": np.nan_to_num(y).ravel()}
    recording = elman.SequenceLabeler(**QUICK).fit(frame)
    answers = recording.predict(frame)
    assert list(answers) == ["target_predicted"] and len(answers["target_predicted"]) == 1000
    assert any("one recording of 1,000 rows, split by time" in remark for remark in recording.remarks_)
    several = elman.SequenceLabeler(**QUICK).fit(X, np.stack([y, -y], axis=2))
    assert several.predict(X[:3]).shape == (3, 25, 2)


def test_a_labeler_leaves_out_what_is_masked(sums):
    X, y = sums
    hidden = np.nan_to_num(y) > 1
    unknown = np.where(hidden, np.nan, y)
    labeler = elman.SequenceLabeler(**QUICK)
    expected = labeler.fit(X, unknown).predict(X)
    for masked in (
        np.ma.masked_array(y, hidden),
        [np.ma.masked_array(part, mask) for part, mask in zip(y, hidden)],
        np.ma.masked_array(y.astype(object), hidden),
    ):
        assert np.array_equal(labeler.fit(X, masked).predict(X), expected)
        assert labeler.score(X, masked) == labeler.score(X, unknown)
    # So does a column of a frame.
    columns = {"id": np.repeat(np.arange(40), 25), "x": X[:, :, 0].ravel()}
    frames = [{**columns, "target": target.ravel()} for target in (unknown, np.ma.masked_array(y, hidden))]
    one, other = [elman.SequenceLabeler(**QUICK).fit(frame).predict(frame) for frame in frames]
    assert one["target_predicted"].tolist() == other["target_predicted"].tolist()


def test_a_labeler_answers_a_frame_with_its_index(sums):
    pandas = pytest.importorskip("pandas")
    X, y = sums
    rows = {"id": np.repeat(np.arange(40), 25), "t": np.tile(np.arange(25), 40), "x": X[:, :, 0].ravel()}
    frame = pandas.DataFrame({**rows, "target": np.nan_to_num(y).ravel(), "half": np.nan_to_num(y).ravel() / 2})
    labeler = elman.SequenceLabeler(time="t", features=["x"], target=["target", "half"], **QUICK).fit(frame)
    in_order = labeler.predict(frame)
    assert list(in_order) == ["id", "t", "target_predicted", "half_predicted"]
    shuffled = frame.sample(frac=1, random_state=0)
    answers = labeler.predict(shuffled)
    assert answers.index.equals(shuffled.index) and answers["t"].tolist() == shuffled["t"].tolist()
    # So that answers go to their rows where they are assigned.
    assert answers["target_predicted"].sort_index().tolist() == in_order["target_predicted"].tolist()
    with pytest.raises(ValueError, match=r"features alone. Pass y, or make columns of the index: reset_index\(\)"):
        elman.SequenceLabeler(**QUICK).fit(frame.set_index(["id", "t"]))


def test_a_labeler_that_is_not_fitted_says_so(sums):
    X, y = sums
    for ask in (lambda labeler: labeler.predict(X), lambda labeler: labeler.score(X, y)):
        with pytest.raises((ValueError, AttributeError), match="this SequenceLabeler is not fitted yet; call fit first"):
            ask(elman.SequenceLabeler(**QUICK))
