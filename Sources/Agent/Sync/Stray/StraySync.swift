import Shared

extension SyncEngine {
    /// Notes what the code directory holds before the first trainer of this machine begins: what
    /// appears or changes there later is the training's.
    ///
    /// - Returns: whether an earlier start of the training has left files there.
    func trainingBegins() async -> Bool {
        await gate.alone {
            do {
                if uploader != nil { try prepare() }
                try stray.begin(ledger)
            } catch {
                context.event(
                    .warning, "what the training writes beside its output is not seen: \(error)",
                    nil)
            }
            guard stray.isKept, uploader != nil else { return false }
            watchTrees()
            return ledger.indices.contains { isLeftByTraining($0) }
        }
    }

    private func isLeftByTraining(_ index: Int) -> Bool {
        ledger.flags(index).contains(.stray) && ledger.isUp(index)
            && exists(ledger.source(of: index))
    }

    /// Watches, and from now on scans, all trees that there are; the first call counts.
    func watchTrees() {
        guard !isWatching else { return }
        isWatching = true
        selector.scan(also: stray.roots)
        context.trainer.start(context, context.trees.roots + stray.roots)
    }

    /// Tells of stray files, and of an output directory that the training has left empty.
    func noteEnd() {
        guard stray.isActive else { return }
        progress.tell(stray: stray.record(ledger))
        let holdsOutput = (try? holdsFile(context.trees.output)) ?? true
        let isUp = { [ledger] (index: Int) in
            ledger.isUp(index)
                && ledger.path(index).utf8.starts(with: "\(BucketLayout.output)/".utf8)
        }
        progress.tell(outputIsEmpty: !holdsOutput && !ledger.indices.contains(where: isUp))
    }
}
