import Shared

/// `bytes` as a person reads it, in units of 1000: `512 bytes`, `3.4 MB`, `120 GB`.
func readable(bytes: Int64) -> String {
    let units = ["KB", "MB", "GB", "TB", "PB"]
    guard bytes >= 1000 else { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
    var value = Double(bytes)
    var unit = -1
    // 999.95 would round to "1000.0", so it is already one of the next unit.
    while value >= 999.95, unit < units.count - 1 {
        value /= 1000
        unit += 1
    }
    let rounded = (value * 10).rounded() / 10
    let text = rounded >= 100 ? "\(Int64(rounded.rounded()))" : "\(rounded)"
    return "\(text) \(units[unit])"
}

/// `1 file`, `3 files`.
func counted(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
}
