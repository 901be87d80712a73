//! What there is to draw of a task's answers.

/// What there is to draw: a chart, or one for each of several series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Charts {
    /// What they show together.
    pub title: String,
    /// What is to be said of them: how a band was made, what was left out.
    pub notes: Vec<String>,
    /// One at the least.
    pub charts: Vec<Chart>,
}

impl From<Chart> for Charts {
    fn from(chart: Chart) -> Self {
        Charts { title: chart.title.clone(), notes: Vec::new(), charts: vec![chart] }
    }
}

/// Lines over rows that follow each other: those of a table, epochs, timesteps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What its rows are: `month`; nothing where their names say it.
    pub x: String,
    /// What its values are, with their unit; nothing where the title says it.
    pub y: String,
    /// The row with which it begins.
    pub first_row: usize,
    /// The rows' names, from `first_row` on.
    pub row_names: Vec<String>,
    /// The rows of a season, if there are seasons.
    pub season: Option<usize>,
    /// Are equal ratios equally far apart? Values that are not above 0 are then left out.
    pub logarithmic: bool,
    /// Intervals, drawn below the lines; those that come later over those before.
    pub bands: Vec<Band>,
    /// The lines; those that come later are drawn over those before.
    pub lines: Vec<Line>,
    /// Rows that are pointed out.
    pub marks: Vec<Mark>,
}

/// One line of a [`Chart`].
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name in the legend; none for a further piece of a line that has been named.
    pub name: Option<String>,
    /// What it shows.
    pub role: Role,
    /// Where it sets out from, if that is no value of its own: a forecast from the last value known.
    pub start: Option<(usize, f64)>,
    /// Rows and values.
    pub points: Vec<(usize, f64)>,
}

impl Line {
    /// A line of this name that shows this.
    pub fn new(name: impl Into<Option<String>>, role: Role, points: Vec<(usize, f64)>) -> Self {
        Line { name: name.into(), role, start: None, points }
    }

    /// The same, drawn from this row and value on.
    #[must_use]
    pub fn from_point(self, row: usize, value: f64) -> Self {
        Line { start: Some((row, value)), ..self }
    }
}

/// What a [`Line`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What is known.
    Truth,
    /// What a model says.
    Model,
    /// What a naive predictor says.
    Baseline,
    /// A quantile of what a model says.
    Quantile,
    /// What is true less what a model says.
    Residual,
}

/// Intervals around a [`Line`], row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Its name in the legend: `80 %`; none for a further piece of a band that has been named.
    pub name: Option<String>,
    /// Where it sets out from, as a [`Line`] does.
    pub start: Option<(usize, f64)>,
    /// Rows with both ends.
    pub points: Vec<(usize, [f64; 2])>,
}

/// A row of a [`Chart`] that is pointed out.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Which.
    pub row: usize,
    /// Why, in a word or two.
    pub text: String,
}
