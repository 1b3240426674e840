/// Where everything is on a rented machine.
///
/// `cloud-init` spells the same paths in shell and systemd's language; a test compares them.
package enum MachineLayout {
    /// On the boot disk, which a power-off keeps.
    package static let root = "/var/lib/train"
    /// The fastest disk of the machine; it may be empty after a restart.
    package static let fastDisk = "/mnt/train"
    package static let job = "/etc/train/job.json"
    package static let agent = "/usr/local/bin/train-agent"

    package static let directories = Job.Directories(
        work: WorkDirectory(below: root).path, code: root + "/code",
        dataset: fastDisk + "/dataset", output: root + "/output", logs: root + "/logs")
}
