use super::*;

/// Written by a 6.1 kernel for two real servers behind one service.
const TABLE_TEXT: &str = "IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A4D0064:0050 wrr  
  -> 0A4E000D:0050      Masq    1      0          4         
  -> 0A4E000B:0050      Masq    3      0          12        
";

#[test]
fn the_kernels_table_is_read() {
    let rows = parse(TABLE_TEXT);
    assert_eq!(
        rows,
        BTreeMap::from([("10.78.0.11".to_owned(), 3), ("10.78.0.13".to_owned(), 1)])
    );
    assert!(parse("IP Virtual Server version 1.2.1 (size=4096)\n").is_empty());
}
