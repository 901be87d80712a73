//! A sequence row by row.

use super::GroupedTask;
use crate::error::Message;
use crate::float::Dtype;
use crate::task::{Number, RowColumn, StreamUnits};

/// One sequence row by row.
#[derive(Debug)]
pub(in crate::task) struct Rows<T>(pub(in crate::task) T);

impl<T: GroupedTask> StreamUnits for Rows<T> {
    fn inputs(&self) -> Vec<String> {
        self.0.grouping().input_names()
    }

    fn columns(&self) -> Vec<RowColumn> {
        let grouping = self.0.grouping();
        grouping.features.iter().map(|feature| RowColumn::of_feature(feature, grouping.missing)).collect()
    }

    fn answers(&self) -> Vec<String> {
        self.0.answer_names()
    }

    /// Numbers are scaled; what stands for categories and gaps is 0 or 1 already.
    fn read(&mut self, row: &[f64], x: &mut [f64]) -> Result<bool, Message> {
        x.copy_from_slice(row);
        let mut place = 0;
        for feature in &self.0.grouping().features {
            if let Some(scaling) = feature.scaling {
                x[place] = scaling.scale(row[place]);
            }
            place += feature.width();
        }
        Ok(true)
    }

    fn answer(&mut self, output: &[f64], answer: &mut [f64]) {
        self.0.answer_values(output, answer);
    }

    fn shown(&self, place: usize, value: f64, dtype: Dtype) -> Number {
        self.0.shown(place, value, dtype)
    }

    /// Each row is read for itself: there is nothing to go back on.
    fn reset(&mut self) {}
}
