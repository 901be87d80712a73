//! The sequences of a table, as a fitted task reads them, and its answers for them.

use super::{GroupedTask, Grouping, Groups, Labels, Sample};
use crate::ensemble::Ensemble;
use crate::error::{Error, Message};
use crate::table::Table;
use crate::task::HeldOut;
use crate::task::feature::Cells;
use crate::task::predictions::check_finite;
use crate::watch::Watch;

/// A network's outputs `[O]` for each of some sequences.
type Outputs = Vec<Vec<f64>>;

/// A table as a fitted task reads it.
pub(in crate::task) struct Sequences<'t> {
    pub(in crate::task) groups: Groups<'t>,
    pub(in crate::task) cells: Vec<Cells<'t>>,
}

impl<'t> Sequences<'t> {
    pub(in crate::task) fn read(grouping: &Grouping, table: &'t Table) -> Result<Self, Error> {
        let mut groups =
            Groups::read(table, &grouping.ids, grouping.time.as_deref(), grouping.time_format.as_deref())?;
        let cells = grouping.cells(table, &mut groups, false)?;
        Ok(Sequences { groups, cells })
    }

    /// The targets of what is held out, and of how many sequences they are.
    pub(super) fn labels<T: GroupedTask>(
        &self,
        task: &T,
        table: &'t Table,
        held_out: &HeldOut,
    ) -> Result<(Labels<'t>, usize), Error> {
        let sequences = self.groups.with_rows(self.groups.held_out(held_out)?);
        let columns = Labels::columns(table, &task.grouping().targets)?;
        let labels = Labels::read(&self.groups, &sequences, columns, task.grouping(), false)?;
        Ok((labels, sequences.len()))
    }

    /// The inputs of some rows of a sequence.
    pub(super) fn inputs(&self, grouping: &Grouping, sample: &Sample) -> Vec<f64> {
        let rows = &self.groups.rows[sample.sequence][..sample.rows.end];
        grouping.inputs(&self.cells, rows, sample.rows.start)
    }

    /// What is to be said of the first cell of a sequence that is far beyond those in training, if there is one.
    pub(in crate::task) fn far_cell(
        &self,
        grouping: &Grouping,
        table: &Table,
        sequence: usize,
    ) -> Option<Message> {
        let rows = self.groups.rows[sequence].iter().copied();
        grouping.remarks_on_far(table, &self.cells, rows).ok()?.into_iter().next()
    }

    /// An ensemble's outputs for these sequences and rows of theirs, and the answers that they are.
    pub(super) fn answers<T: GroupedTask>(
        &self,
        task: &T,
        ensemble: &Ensemble,
        table: &Table,
        samples: &[Sample],
        watch: &mut Watch<'_>,
    ) -> Result<(Outputs, Vec<T::Answer>), Error> {
        let x: Vec<Vec<f64>> = samples.iter().map(|sample| self.inputs(task.grouping(), sample)).collect();
        let outputs = ensemble.run_watched(&x.iter().map(Vec::as_slice).collect::<Vec<_>>(), watch)?;
        let answers: Vec<T::Answer> =
            outputs.iter().map(|output| task.answer(&ensemble.points(output))).collect();
        let place = |n: usize| format!("sequence {:?}", self.groups.name(samples[n].sequence));
        let why = |n: usize| self.far_cell(task.grouping(), table, samples[n].sequence);
        check_finite(answers.iter().map(T::representative), table, place, why)?;
        Ok((outputs, answers))
    }
}
