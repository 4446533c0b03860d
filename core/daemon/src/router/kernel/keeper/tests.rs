use std::collections::BTreeMap;

use model::effect::EntryOrder;
use model::ids::{LinkIndex, OrderId};
use model::route::{Entry, PROTOCOL, Route, RouteKind};

use super::Keeper;
use crate::router::kernel::KernelOrder;

fn entry(table: u32, untracked: bool) -> Entry<LinkIndex> {
    Entry::Route(Route {
        destination: "192.0.2.0/24".parse().expect("a network"),
        kind: RouteKind::Blackhole,
        table,
        metric: None,
        protocol: PROTOCOL,
        scope: None,
        source: None,
        tos: 0,
        hops: Vec::new(),
        metrics: BTreeMap::new(),
        untracked,
    })
}

fn order(order: u64, table: u32) -> EntryOrder {
    EntryOrder {
        order: OrderId(order),
        entry: entry(table, false),
    }
}

fn kept(keeper: &mut Keeper) -> Vec<u64> {
    keeper.begin_round();
    let mut orders = Vec::new();
    while keeper.is_on_round() {
        orders.extend(keeper.step(2).into_iter().map(|order| order.order.0));
    }
    orders
}

#[test]
fn what_the_kernel_agreed_to_is_kept_until_it_is_ordered_out() {
    let mut keeper = Keeper::default();
    assert_eq!(kept(&mut keeper), [0; 0]);
    keeper.handle_done(KernelOrder::AddEntry(order(1, 1)), true);
    assert_eq!(kept(&mut keeper), [1]);
    keeper.handle_done(KernelOrder::AddEntry(order(2, 1)), true);
    assert_eq!(kept(&mut keeper), [2]);
    keeper.handle_done(KernelOrder::RemoveEntry(order(3, 1)), true);
    assert_eq!(kept(&mut keeper), [0; 0]);
}

#[test]
fn what_is_refused_or_not_tracked_is_not_kept() {
    let mut keeper = Keeper::default();
    let untracked = EntryOrder {
        entry: entry(2, true),
        ..order(2, 2)
    };
    keeper.handle_done(KernelOrder::AddEntry(untracked), true);
    keeper.handle_done(KernelOrder::AddEntry(order(1, 1)), false);
    assert_eq!(kept(&mut keeper), [0; 0]);
    keeper.handle_done(KernelOrder::AddEntry(order(3, 1)), true);
    keeper.handle_done(KernelOrder::AddEntry(order(4, 1)), false);
    assert_eq!(kept(&mut keeper), [0; 0], "it went meanwhile");
}

#[test]
fn a_round_goes_by_steps_and_over_what_is_there_still() {
    let mut keeper = Keeper::default();
    for table in 1..=5 {
        keeper.handle_done(KernelOrder::AddEntry(order(table.into(), table)), true);
    }
    assert_eq!(kept(&mut keeper), [1, 2, 3, 4, 5]);
    keeper.begin_round();
    assert_eq!(keeper.step(2).len(), 2);
    keeper.handle_done(KernelOrder::RemoveEntry(order(6, 2)), true);
    keeper.handle_done(KernelOrder::RemoveEntry(order(7, 3)), true);
    // It is not begun anew while it is under way.
    keeper.begin_round();
    assert_eq!(keeper.step(9), [order(4, 4), order(5, 5)]);
    assert!(!keeper.is_on_round());
}
