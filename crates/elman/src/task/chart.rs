//! What there is to draw of a task's answers.

/// What there is to draw: a chart, or one for each of several series.
#[derive(Clone, Debug, PartialEq)]
pub struct Charts {
    /// What they show together.
    pub title: String,
    /// One at the least.
    pub charts: Vec<Chart>,
}

impl From<Chart> for Charts {
    fn from(chart: Chart) -> Self {
        Charts { title: chart.title.clone(), charts: vec![chart] }
    }
}

/// Lines over the rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// The row of the table with which it begins.
    pub first_row: usize,
    /// The rows' names, from `first_row` on.
    pub row_names: Vec<String>,
    /// The rows of a season, if there are seasons.
    pub season: Option<usize>,
    /// The lines; those that come later are drawn over those before.
    pub lines: Vec<Line>,
}

/// One line of a [`Chart`].
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name in the legend; none for a further piece of a line that has been named.
    pub name: Option<&'static str>,
    /// What it shows.
    pub role: Role,
    /// Rows and values.
    pub points: Vec<(usize, f64)>,
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
}
