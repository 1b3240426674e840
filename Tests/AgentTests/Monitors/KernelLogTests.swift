import Shared
import TestSupport
import Testing

@testable import Agent

@Suite struct KernelLogTests {
    @Test(arguments: [
        ("[  200.000001] NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.", true),
        ("[  200.000001] NVRM: Xid (PCI:0000:3b:00): 48, pid=1, name=python, DBE", true),
        ("[  200.000001] NVRM: Xid (PCI:0000:3b:00): 94, Contained: SM", true),
        ("[200.5] EDAC MC0: 1 UE memory read error on CPU_SrcID#0", true),
        (
            "[200.5] Memory failure: 0x1: Sending SIGBUS to python:7 due to hardware memory corruption",
            true
        ),
        // The program's own: an illegal access, and what follows it.
        ("[  200.000001] NVRM: Xid (PCI:0000:3b:00): 31, pid=1, name=python, MMU Fault", false),
        ("[  200.000001] NVRM: Xid (PCI:0000:3b:00): 13, Graphics Exception", false),
        ("[  200.000001] NVRM: Xid (PCI:0000:3b:00): 4", false),
        ("[200.5] EDAC MC0: 1 CE memory read error", false),
        ("[   99.999999] NVRM: Xid (PCI:0000:3b:00): 79, before the start", false),
        ("NVRM: Xid (PCI:0000:3b:00): 79, without a time", false),
        ("[soon] NVRM: Xid (PCI:0000:3b:00): 79", false), ("[", false), ("", false),
        ("[200.5] NVRM: Xid (PCI", false), ("[200.5] NVRM: Xid (): ", false),
    ])
    func `hardware is told from the rest`(line: String, isHardware: Bool) {
        let log = "[  150.000000] eth0: link up\n" + line + "\n[  201.000000] last\n"
        #expect((KernelLog.hardwareFailure(in: log, since: 100) != nil) == isHardware)
    }

    @Test func `where nobody may read the log nothing is known`() async {
        let refusing = ScriptedRunner { _ in
            CommandResult(termination: .exited(1), errorOutput: "not permitted")
        }
        let clock = ManualClock()
        #expect(await KernelLog.hardwareFailure(since: 0, refusing, clock: clock) == nil)
        #expect(await KernelLog.hardwareFailure(since: nil, refusing, clock: clock) == nil)
    }
}
