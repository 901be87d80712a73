//! The pictures of a report, as data: what to draw, not how.

use super::{Answers, Charts};

/// One of the pictures of a report.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Picture {
    /// Lines over rows: forecasts, errors by rows ahead, losses by epoch.
    Lines(Charts),
    /// A number for each of several things, beside a naive predictor's.
    Bars(Bars),
    /// What was predicted over what was true.
    Points(Points),
    /// A number for each place of a grid: states over time, a spectrogram.
    Heat(Heat),
    /// A table of cases.
    Cases(Cases),
}

/// A number for each of several things, the largest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// What they show.
    pub title: String,
    /// What is to be said of them.
    pub notes: Vec<String>,
    /// The name of the number.
    pub measure: String,
    /// The name of the naive predictor that is shown beside, if one is.
    pub baseline: Option<String>,
    /// The things.
    pub bars: Vec<Bar>,
}

/// One of several [`Bars`].
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Of what.
    pub name: String,
    /// The model's number.
    pub model: f64,
    /// The naive predictor's.
    pub baseline: Option<f64>,
}

/// What was predicted over what was true.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// What they show.
    pub title: String,
    /// What is to be said of them.
    pub notes: Vec<String>,
    /// The true value and the predicted one of each case.
    pub points: Vec<(f64, f64)>,
}

/// A number for each place of a grid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heat {
    /// What it shows.
    pub title: String,
    /// What is to be said of it.
    pub notes: Vec<String>,
    /// What goes from left to right.
    pub x: String,
    /// What goes from bottom to top.
    pub y: String,
    /// What the columns are, from left to right.
    pub columns: Vec<String>,
    /// What the rows are, from bottom to top.
    pub rows: Vec<String>,
    /// A row for each step upwards, `[rows, columns]`.
    pub values: Vec<Vec<f64>>,
    /// The unit of the values; empty where they have none.
    pub unit: String,
    /// From where to where the columns go, if they are stretches of something: round values are marked, and not columns.
    pub x_span: Option<Span>,
    /// The same of the rows.
    pub y_span: Option<Span>,
    /// How far from 0 the strongest colours are; as far as the farthest value, if that is not said.
    pub most: Option<f64>,
}

/// From where to where the places of an axis go, all equally wide.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Where the first begins.
    pub from: f64,
    /// Where the last ends.
    pub to: f64,
    /// What stands behind each value that is marked; empty for nothing.
    pub unit: String,
}

/// A table of cases: the worst, usually.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cases {
    /// Which they are.
    pub title: String,
    /// What is to be said of them.
    pub notes: Vec<String>,
    /// The columns by their names, of one length.
    pub columns: Vec<(String, Answers)>,
}

impl From<Charts> for Picture {
    fn from(charts: Charts) -> Self {
        Picture::Lines(charts)
    }
}
