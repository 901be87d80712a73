//! Which columns are covariates.

use super::{Covariate, Covariates};
use crate::error::{ConfigError, Error, Message};
use crate::table::{Column, Table};
use crate::task::Feature;
use crate::task::feature::asked_categories;
use crate::task::forecast::{ForecastOptions, Layout};

/// The names of the columns that are covariates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::task::forecast) struct Named {
    pub(in crate::task::forecast) past: Vec<String>,
    pub(in crate::task::forecast) future: Vec<String>,
    pub(in crate::task::forecast) fixed: Vec<String>,
}

const PAST: &str = "past_covariates";
const FUTURE: &str = "future_covariates";
const STATIC: &str = "static_covariates";

impl Named {
    /// Those of the options.
    ///
    /// # Errors
    /// If there is no such column, or one is named twice.
    pub(in crate::task::forecast) fn new(table: &Table, options: &ForecastOptions) -> Result<Self, Error> {
        let columns =
            |text: &Option<String>| text.as_deref().map_or(Ok(Vec::new()), |text| table.columns_named(text));
        let named = Named {
            past: columns(&options.past_covariates)?,
            future: columns(&options.future_covariates)?,
            fixed: columns(&options.static_covariates)?,
        };
        let all: Vec<(&'static str, &str)> = named.with_options().collect();
        for (n, (option, name)) in all.iter().enumerate() {
            if let Some((before, _)) = all[..n].iter().find(|(_, other)| other == name) {
                let message = format!("names column {name:?}, as ");
                let message = Message::from(message).option(before).text(" does; a column is one of them");
                return Err(ConfigError::new(option, message).into());
            }
        }
        Ok(named)
    }

    fn with_options(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let past = self.past.iter().map(|name| (PAST, name.as_str()));
        let future = self.future.iter().map(|name| (FUTURE, name.as_str()));
        past.chain(future).chain(self.fixed.iter().map(|name| (STATIC, name.as_str())))
    }

    /// All of them.
    pub(in crate::task::forecast) fn all(&self) -> impl Iterator<Item = &str> {
        self.with_options().map(|(_, name)| name)
    }

    /// Is it a covariate?
    pub(in crate::task::forecast) fn contains(&self, name: &str) -> bool {
        self.with_options().any(|(_, other)| other == name)
    }

    /// Does it vary from row to row of a series? Such a column tells no series apart.
    pub(in crate::task::forecast) fn varies(&self, name: &str) -> bool {
        self.past.iter().chain(&self.future).any(|other| other == name)
    }

    /// Are rows without a value, behind the last that has one, rows to come?
    pub(in crate::task::forecast) fn have_future(&self) -> bool {
        !self.future.is_empty()
    }

    /// Refuses columns that have another purpose, and what is of no use in such a table.
    pub(in crate::task::forecast) fn check(
        &self,
        layout: &Layout,
        targets: &[&str],
        time: Option<&str>,
    ) -> Result<(), ConfigError> {
        for (option, name) in self.with_options() {
            let id = match layout {
                Layout::Long(id) => id.iter().any(|id| id == name) && option != STATIC,
                Layout::Single | Layout::Wide(_) => false,
            };
            let what = if targets.contains(&name) {
                "is to be forecast"
            } else if time == Some(name) {
                "holds the times"
            } else if id {
                "tells series apart"
            } else {
                continue;
            };
            let message = format!("names column {name:?}, which {what}; leave it out");
            return Err(ConfigError::new(option, message));
        }
        if self.fixed.is_empty() {
            return Ok(());
        }
        let message = match layout {
            Layout::Long(_) => return Ok(()),
            Layout::Single => "tell series from each other, and there is only one; leave them out",
            Layout::Wide(_) => {
                "have one value for each series, but a column of a wide table is shared by all; give a long table"
            }
        };
        Err(ConfigError::new(STATIC, message))
    }

    /// The covariates without their statistics.
    ///
    /// # Errors
    /// If one holds mostly numbers and something else, or too many values for categories.
    pub(in crate::task::forecast) fn columns(&self, table: &Table) -> Result<Covariates, Error> {
        let all = |names: &[String]| -> Result<Vec<Covariate>, Error> {
            names.iter().map(|name| covariate(table.column(name)?)).collect()
        };
        Ok(Covariates { past: all(&self.past)?, future: all(&self.future)?, fixed: all(&self.fixed)? })
    }
}

fn covariate(column: Column<'_>) -> Result<Covariate, Error> {
    let is_number = column.holds_numbers() || super::sheet::truths(column).is_some();
    let categories = if is_number { Vec::new() } else { asked_categories(column)? };
    let feature = Feature { name: column.name().to_owned(), scaling: None, categories, flagged: false };
    Ok(Covariate { feature, relative: false })
}
