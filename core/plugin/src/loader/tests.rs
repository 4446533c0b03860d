use super::*;

#[test]
fn a_panic_refuses_one_plugin_and_ends_no_thread() {
    assert_eq!(outlived(|| Ok(1)), Ok(1));
    let told: Result<(), String> = outlived(|| panic!("{} of 2", 3));
    insta::assert_snapshot!(told.expect_err("refused"), @"loading it failed by a mistake of bellwether's own: 3 of 2");
}
