import Shared
import TestSupport
import Testing

@testable import Agent

/// On a box that others use, a run by hand is nobody else's to read.
@Suite struct PrivateFilesTests {
    private func mode(_ path: String) -> mode_t {
        var information = stat()
        return stat(path, &information) == 0 ? information.st_mode & 0o7777 : 0
    }

    private func job(in root: String) throws -> Job {
        for name in ["code", "data"] { try makeDirectories("\(root)/\(name)") }
        return try Job.sample(in: root, createdAt: Date())
    }

    @Test(arguments: [false, true])
    func `work directory and logs by hand are closed to others`(wasThere: Bool) async throws {
        let scratch = try Scratch()
        let job = try job(in: scratch.path)
        let before = umask(0)
        defer { umask(before) }
        if wasThere { #expect(mkdir(job.directories.work, 0o777) == 0) }
        let (context, lock) = try RunSetup.assemble(
            job: job, host: Host(log: Log(toStandardError: false)), stop: StopRequest(),
            call: .byHand(goesOn: false))
        context.host.log.info("hello")
        #expect(mode(job.directories.work) == 0o700)
        #expect(mode(job.directories.logs) == 0o700)
        #expect(mode(job.directories.logs + "/agent.log") == 0o600)
        withExtendedLifetime(lock) {}
    }

    @Test(arguments: [false, true])
    func `output by hand is closed to others where the agent makes it`(wasThere: Bool) async throws
    {
        let scratch = try Scratch()
        let job = try job(in: scratch.path)
        let before = umask(0)
        defer { umask(before) }
        if wasThere {
            for path in [job.directories.output, job.directories.logs] {
                #expect(mkdir(path, 0o755) == 0)
            }
        }
        let (context, lock) = try RunSetup.assemble(
            job: job, host: Host(log: Log(toStandardError: false)), stop: StopRequest(),
            call: .byHand(goesOn: false))
        _ = try await Prepare().perform(context)
        context.host.log.info("hello")
        // A directory that is there is as its owner wants it; the agent's own log is not open.
        #expect(mode(job.directories.output) == (wasThere ? 0o755 : 0o700))
        #expect(mode(job.directories.logs) == (wasThere ? 0o755 : 0o700))
        #expect(mode(job.directories.logs + "/agent.log") == 0o600)
        withExtendedLifetime(lock) {}
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a directory away"))
    func `a work directory of somebody else's is refused`() async throws {
        let scratch = try Scratch()
        let job = try job(in: scratch.path)
        try makeDirectories(job.directories.work)
        #expect(chown(job.directories.work, 65534, 65534) == 0)
        let failure = #expect(throws: Failure.self) {
            try RunSetup.assemble(
                job: job, host: Host(log: Log(toStandardError: false)), stop: StopRequest(),
                call: .byHand(goesOn: false))
        }
        #expect(failure?.summary.contains("belongs to user 65534") == true, "\(failure as Any)")
    }
}
