//! Years of whole weeks, whose last period now and then is a week longer.

use std::fmt::Write as _;

use crate::common::Place;

const QUICK: &str = "--epochs 1 --hidden-size 3 --transform difference -o m.elman";

/// The ends of the periods of the National Retail Federation. The year that ended on 2 February 2013 had 53 weeks.
const ENDS: &str = "\
2010-04-03 2010-05-01 2010-05-29 2010-07-03 2010-07-31 2010-08-28 2010-10-02 2010-10-30 2010-11-27 2011-01-01 \
2011-01-29 2011-02-26 2011-04-02 2011-04-30 2011-05-28 2011-07-02 2011-07-30 2011-08-27 2011-10-01 2011-10-29 \
2011-11-26 2011-12-31 2012-01-28 2012-02-25 2012-03-31 2012-04-28 2012-05-26 2012-06-30 2012-07-28 2012-08-25 \
2012-09-29 2012-10-27 2012-11-24 2012-12-29 2013-02-02 2013-03-02 2013-04-06 2013-05-04 2013-06-01 2013-07-06 \
2013-08-03 2013-08-31 2013-10-05 2013-11-02 2013-11-30 2014-01-04 2014-02-01 2014-03-01 2014-04-05 2014-05-03";

fn table(rows: &[&str]) -> String {
    let mut table = "when,y\n".to_owned();
    for (n, row) in rows.iter().enumerate() {
        let _ = writeln!(table, "{row},{}", 100 + 7 * n + n * n * 5 % 23);
    }
    table
}

#[test]
fn two_years_of_retail_periods_go_on_over_a_53rd_week() {
    let place = Place::new();
    let ends: Vec<&str> = ENDS.split_whitespace().collect();
    place.write("t.csv", table(&ends[..24]));
    let said = place.ok(&format!("train t.csv {QUICK}")).stderr;
    let note = "the rows are one period of 4, 5 and 4 weeks apart, in years that are counted from the Saturday from 28 January to \
                3 February; a 53rd week belongs to the last period; as yet they could also be one period of 4, 4 and 5 weeks \
                apart, in years that are counted from the Saturday from 28 December to 3 January\n";
    assert!(said.contains(note), "{said}");
    let predicted = place.ok("predict m.elman t.csv --horizon 26").stdout;
    let times: Vec<&str> = predicted.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(times, ends[24..]);
}

#[test]
fn rows_that_tell_more_than_those_of_training_say_so() {
    let place = Place::new();
    let ends: Vec<&str> = ENDS.split_whitespace().collect();
    // As yet the last Saturday of each month.
    place.write("t.csv", table(&ends[20..32]));
    place.ok(&format!("train t.csv {QUICK}"));
    place.write("t.csv", table(&ends[20..]));
    let refused = place.refused(1, "predict m.elman t.csv");
    let error = "its rows are one period of 4, 5 and 4 weeks apart, but the model learned from rows one month apart; if these are \
                 the same rows and more, they tell their calendar better: train anew with them";
    assert!(refused.contains(error), "{refused}");
}
