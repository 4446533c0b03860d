//! Our IPVS client and balancer against a kernel. Each case has a fresh one.

use std::time::Duration;

use ipvs::run_in_guest;

fn case(name: &str) {
    let tool = env!("CARGO_BIN_EXE_ipvs_tool");
    let script = "exec \"$TOOL\" \"$CASE\" 2>&1";
    run_in_guest(
        script,
        &[("TOOL", tool), ("CASE", name)],
        Duration::from_secs(120),
    );
}

#[test]
fn random_tables_are_read_back_as_wanted_and_need_no_second_message() {
    case("random");
}

#[test]
fn errors_are_drift_or_refusal_and_name_the_cure() {
    case("errors");
}

#[test]
fn what_the_kernel_takes_and_refuses_is_what_the_rules_say() {
    case("rules");
}

#[test]
fn rows_of_others_are_left_alone() {
    case("foreign");
}

#[test]
fn the_balancer_keeps_the_kernels_table() {
    case("balancer");
}

#[test]
fn a_reload_without_change_sends_nothing_and_a_glance_finds_drift() {
    case("quiet");
}

#[test]
fn timeouts_and_sync_daemons_are_as_wanted_even_unanswered() {
    case("settings");
}

#[test]
fn counters_are_those_of_our_services() {
    case("counters");
}

#[test]
fn a_kill_in_mid_batch_and_edits_behind_our_back_are_made_good() {
    case("upset");
}

#[test]
fn a_glance_shows_ten_thousand_rows_as_they_are() {
    case("cost");
}

#[test]
fn a_check_leaves_through_a_vrf() {
    case("bound");
}
