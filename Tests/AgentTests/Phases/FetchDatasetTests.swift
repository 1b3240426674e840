import Shared
import TestSupport
import Testing

@testable import Agent

/// A dataset that is shorter than somebody thinks makes a wrong model: it is said.
@Suite struct FetchDatasetTests {
    @Test func `what no tool can bring is named in the status`() async throws {
        try await RunFixture.with(change: { job in
            job.dataset = "file://" + parentDirectory(job.directories.code) + "/store"
            job.directories.dataset = parentDirectory(job.directories.code) + "/fetched"
        }) { fixture in
            let store = fixture.root.path + "/store"
            try makeDirectories(store)
            try AtomicFile.write(Data("1,2\n".utf8), to: store + "/beer.csv")
            #expect(symlink("/etc/hostname", store + "/more.csv") == 0)
            #expect(try await FetchDataset().perform(fixture.context) == .succeeded)
            #expect(
                fixture.context.board.status.warnings == [
                    "dataset: left out 'more.csv': a link out of the tree"
                ])
        }
    }
}
