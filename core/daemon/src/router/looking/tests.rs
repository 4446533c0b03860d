use std::sync::mpsc::channel;

use super::*;

#[test]
fn what_hangs_is_named() {
    let (go, hang) = channel::<()>();
    let (looking, result) = begin(move |looks| {
        looks(Path::new("/etc/bellwether/conf.d"));
        looks(Path::new("/mnt/site/web.conf"));
        // Until whoever tests lets it go.
        hang.recv().is_ok()
    })
    .expect("a thread");
    while looking.late().contains("at :") || looking.late().contains("conf.d") {
        thread::yield_now();
    }
    insta::assert_snapshot!(
        looking.late(),
        @"the configuration is not read yet; it waits at /mnt/site/web.conf: does a mount hang?"
    );
    go.send(()).expect("it waits");
    assert_eq!(wait(&looking, &result, |late| panic!("{late}")), Some(true));
}
