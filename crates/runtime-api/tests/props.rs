//! Random walks of a hostile runtime and hostile extensions against a small model: whatever comes in whatever order, the
//! promises hold.

mod walk;

use proptest::prelude::*;
use walk::Model;
use walk::steps::walk;

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn promises_hold_after_every_step((set_up, walk) in walk()) {
        let mut model = Model::new(set_up);
        walk.into_iter().for_each(|step| model.step(step));
    }

    #[test]
    fn everything_ends_by_time_alone((set_up, walk) in walk()) {
        let mut model = Model::new(set_up);
        walk.into_iter().for_each(|step| model.step(step));
        model.let_time_pass();
        model.assert_nothing_runs();
        model.shut_down();
        model.let_time_pass();
        model.assert_down();
    }

    #[test]
    fn next_invocation_of_an_honest_runtime_succeeds_whatever_came_before((set_up, walk) in walk()) {
        let mut model = Model::new(set_up);
        walk.into_iter().for_each(|step| model.step(step));
        model.let_time_pass();
        model.serve_honestly();
    }

    #[test]
    fn same_inputs_give_the_same_actions((set_up, walk) in walk()) {
        let mut one = Model::new(set_up);
        let mut two = Model::at(one.instant(), set_up);
        for step in walk {
            one.step(step.clone());
            two.step(step);
        }
        prop_assert_eq!(one.log, two.log);
    }
}
