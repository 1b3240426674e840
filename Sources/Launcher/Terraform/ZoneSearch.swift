import Shared

/// Applies in one zone after another until one has the machine.
struct ZoneSearch: Sendable {
    let driver: TerraformDriver
    let folder: RunFolder
    let line: LiveLine
    let clock: any Clock<Duration>

    /// Buckets and network of a zone that had no machine stay for the next.
    ///
    /// - Throws: `Refusal`, the first that another zone would not cure; `Failure` naming every zone
    ///   where none has the machine.
    func apply(_ zones: [String], machineType: String) async throws {
        var refusals: [String] = []
        for (index, zone) in zones.enumerated() {
            if index > 0 { try RunFolderContents.setZone(zone, in: folder) }
            do {
                return try await RoleOnItsWay(line: line, clock: clock).apply(driver.apply)
            } catch let refusal as TerraformDriver.Refusal {
                guard refusal.trouble == .stockout else { throw refusal }
                refusals.append("  \(zone): \(refusal.failure.detail ?? "no reason was given")")
                let next = index + 1 < zones.count ? "; trying \(zones[index + 1])" : ""
                line.say(
                    "\(line.coloured("!", .yellow)) \(zone) has no \(machineType) free now\(next)")
            }
        }
        throw Failure(
            "no \(machineType) is free now in \(zones.joined(separator: ", "))",
            detail: refusals.joined(separator: "\n"),
            hint: "name more zones: --zones A,B,C; or take another --machine_type; or try later")
    }
}
