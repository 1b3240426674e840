import Shared

extension UploadSelector {
    /// What a trainer that ended abnormally left incomplete.
    ///
    /// - Parameter machineDied: with its machine: all that is not up.
    func incomplete(_ pending: [Int], machineDied: Bool) -> [Int] {
        findRewritten(pending)
        let files = pending.filter { !ledger[$0].flags.contains(.log) }
        guard machineDied else { return leftBehind(files) }
        // A ctime can be lost with the power as well.
        return files.filter { index in
            !(ledger[index].up?.stamp.isSameContent(as: ledger[index].current) ?? false)
        }
    }

    /// All that is not known to be complete; and, in a directory below `output/` or `stray/`, what
    /// was written later than a new file among them, since a checkpoint's index promises its
    /// parts. In `output/` itself files do not depend on each other.
    private func leftBehind(_ pending: [Int]) -> [Int] {
        let time = context.stopwatch.elapsed
        var left: [Int] = []
        var whole: [Int] = []
        for index in pending {
            let verdict = Settling.verdict(
                settlingCase(index, isOpen: false, time: time), maxStaleness: .seconds(1 << 40))
            if case .whole = verdict { whole.append(index) } else { left.append(index) }
        }
        let new = left.filter { index in
            ledger[index].up == nil
                && parentDirectory(ledger.path(index)).contains("/")
        }
        let oldest = oldest(of: new)
        return left
            + whole.filter { index in
                oldest[PathKey(parentDirectory(ledger.path(index)))]
                    .map { $0 <= ledger[index].current.mtime } ?? false
            }
    }
}
