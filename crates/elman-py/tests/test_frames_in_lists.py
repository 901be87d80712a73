"""Frames in a list, a sequence in each: their columns are known by name, as those of one frame are."""

import numpy as np
import pytest

import elman

QUICK = {"epochs": 3, "hidden_size": 4, "verbose": 0}
RNG = np.random.default_rng(11)
ARRAYS = [RNG.normal(size=(7 + n % 3, 3)) for n in range(40)]
Y = np.array([array[:, 1].mean() for array in ARRAYS])
LABELS = [np.cumsum(array[:, 0]) for array in ARRAYS]


@pytest.fixture(params=["dict", "pandas", "polars", "pyarrow"])
def make(request):
    if request.param == "dict":
        return dict
    library = pytest.importorskip(request.param)
    return library.table if request.param == "pyarrow" else library.DataFrame


def frames(make, names="abc", **more):
    """The sequences as frames with their columns in this order, and further ones made of each array."""
    return [
        make({**{name: array[:, "abc".index(name)] for name in names}, **{key: of(array) for key, of in more.items()}})
        for array in ARRAYS
    ]


@pytest.mark.parametrize("layout", ["time", "channels"])
def test_columns_in_another_order_are_the_same(make, layout):
    for kind, y in [(elman.SequenceRegressor, Y), (elman.SequenceLabeler, LABELS)]:
        fitted = kind(layout=layout, **QUICK).fit(frames(make), y)
        expected = kind(**QUICK).fit(ARRAYS, y)
        for names in ("abc", "cba", "bac"):
            found = fitted.predict(frames(make, names))
            assert all(np.array_equal(a, b) for a, b in zip(found, expected.predict(ARRAYS), strict=True))
            assert fitted.score(frames(make, names), y) == expected.score(ARRAYS, y)
        assert list(fitted.feature_names_in_) == ["a", "b", "c"] and fitted.n_features_in_ == 3
        with pytest.raises(ValueError, match='has no column "a"'):
            fitted.predict(frames(make, "bc"))


def test_options_name_columns(make):
    one = elman.SequenceRegressor(features="b", **QUICK).fit(frames(make), Y)
    assert np.array_equal(one.predict(frames(make)), one.predict(frames(make, "b")))
    backwards = frames(make, second=lambda array: -np.arange(len(array)))
    fitted = elman.SequenceRegressor(time="second", **QUICK).fit(backwards, Y)
    turned = elman.SequenceRegressor(**QUICK).fit([array[::-1] for array in ARRAYS], Y)
    assert list(fitted.feature_names_in_) == ["a", "b", "c"]
    assert np.array_equal(fitted.predict(backwards), turned.predict([array[::-1] for array in ARRAYS]))


def test_categories_are_read(make):
    kinds = frames(make, "a", kind=lambda array: ["odd" if array[t, 1] > 0 else "even" for t in range(len(array))])
    fitted = elman.SequenceRegressor(**QUICK).fit(kinds, Y)
    assert fitted.n_features_in_ == 2 and fitted.network().input_size > 2
    as_one = {
        "id": np.repeat(np.arange(40), [len(array) for array in ARRAYS]),
        "a": np.concatenate([array[:, 0] for array in ARRAYS]),
        "kind": np.where(np.concatenate([array[:, 1] for array in ARRAYS]) > 0, "odd", "even"),
    }
    assert np.array_equal(fitted.predict(kinds), fitted.predict(as_one)["target_predicted"])


def test_what_tells_sequences_apart_in_one_frame_is_refused_in_several(make):
    for name, options in [("id", {}), ("unique_id", {}), ("motor", {"id": "motor"})]:
        with pytest.raises(ValueError, match=rf"X\[0\] has a column '{name}', but in a list each frame is a sequence by itself"):
            elman.SequenceRegressor(**options, **QUICK).fit(frames(make, "ab", **{name: lambda array: np.ones(len(array))}), Y)
    with pytest.raises(ValueError, match="X has a column 'target', and y tells the targets; drop or rename the column"):
        elman.SequenceRegressor(**QUICK).fit(frames(make, "ab", target=lambda array: array[:, 2]), Y)
    with pytest.raises(ValueError, match=r"X\[1\] has the columns \['a', 'c'\], but the frames before it \['a', 'b'\]"):
        elman.SequenceRegressor(**QUICK).fit([frames(make, "ab")[0], *frames(make, "ac")[1:]], Y)
    with pytest.raises(ValueError, match=r"X\[2\] has no rows or no columns"):
        elman.SequenceRegressor(**QUICK).fit([*frames(make, "ab")[:2], make({"a": [], "b": []}), *frames(make, "ab")[3:]], Y)
    gap = frames(make, "a", v=lambda array: np.where(np.arange(len(array)) == 4, np.nan, array[:, 0]))
    with pytest.raises(ValueError, match=r"X\[0\] contains NaN, the first at timestep 4 of column 'v'; .* missing"):
        elman.SequenceRegressor(**QUICK).fit(gap, Y)
    assert np.isfinite(elman.SequenceRegressor(missing="previous", **QUICK).fit(gap, Y).predict(gap)).all()


def test_who_learned_from_arrays_takes_frames_by_the_place_of_their_columns(make):
    fitted = elman.SequenceRegressor(**QUICK).fit(ARRAYS, Y)
    assert np.array_equal(fitted.predict(frames(make)), fitted.predict(ARRAYS))
    # Columns that are called as the library calls those of arrays are known by that.
    named = [make({f"x{k}": array[:, k] for k in (2, 0, 1)}) for array in ARRAYS]
    assert np.array_equal(fitted.predict(named), fitted.predict(ARRAYS))
    with pytest.raises(ValueError, match="X is of arrays, but SequenceRegressor learned from the columns a, b, c"):
        elman.SequenceRegressor(**QUICK).fit(frames(make), Y).predict(ARRAYS)


def test_frames_of_sktime_have_their_columns_by_name():
    pandas = pytest.importorskip("pandas")
    X = np.stack([array[:7] for array in ARRAYS])
    index = pandas.MultiIndex.from_product([range(40), range(7)])
    indexed = pandas.DataFrame(X.reshape(-1, 3), index=index, columns=list("abc"))
    nested = pandas.DataFrame({name: [pandas.Series(x[:, k]) for x in X] for k, name in enumerate("abc")})
    for frame in (indexed, nested):
        fitted = elman.SequenceRegressor(layout="channels", **QUICK).fit(frame, Y)
        assert np.array_equal(fitted.predict(frame[list("cba")]), fitted.predict(frame))
        assert list(fitted.feature_names_in_) == ["a", "b", "c"]
