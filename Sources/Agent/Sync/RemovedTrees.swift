import Shared

extension SyncEngine {
    /// Makes the directories of output and logs anew where the training has removed them.
    ///
    /// A trainer that tidies up (`shutil.rmtree(output)`) has left nothing there: an empty tree, of which
    /// the bucket keeps all that went up. Without them the final sync could not look at them, and would
    /// go on for an hour on a machine that costs money. A file system that is not there any more hides
    /// files that may not be up: then nothing is made, and the final sync fails as before.
    ///
    /// - Throws: `Failure` where a directory cannot be made.
    func remakeTrees() throws {
        for root in context.trees.roots {
            var information = stat()
            guard lstat(root.directory, &information) != 0, errno == ENOENT,
                isOnFormerDevice(root)
            else { continue }
            try makeDirectories(root.directory, mode: 0o700)
            context.event(
                .warning,
                "the training removed or renamed its directory \(quoted(root.directory)): what had "
                    + "gone up of it is kept", nil)
        }
    }

    /// Whether the place of a directory that is gone is on the file system that its files were on.
    private func isOnFormerDevice(_ root: Scanner.Root) -> Bool {
        var place = parentDirectory(root.directory)
        var information = stat()
        while stat(place, &information) != 0 {
            guard errno == ENOENT, parentDirectory(place) != place else { return false }
            place = parentDirectory(place)
        }
        let device = UInt64(information.st_dev)
        return !ledger.indices.contains { index in
            ledger[index].seen > 0 && ledger[index].device != device
                && ledger.path(index).utf8.starts(with: "\(root.prefix)/".utf8)
        }
    }
}
