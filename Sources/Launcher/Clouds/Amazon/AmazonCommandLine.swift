import Shared

/// AWS' tool, aws.
extension AmazonProvider {
    var tool: String { "aws" }

    func stateQuery(of machine: Machine) -> [String] {
        ["ec2", "describe-instances", "--region", machine.region, "--instance-ids"]
            + [machine.instanceId, "--query", "Reservations[].Instances[].State.Name"]
            + ["--output", "text"]
    }

    func stateWords(of machine: Machine) -> (running: [String], gone: [String]) {
        (
            running: ["pending", "running", "stopping", "shutting-down"],
            gone: ["stopped", "terminated", "InvalidInstanceID.NotFound"]
        )
    }

    func stopArguments(of machine: Machine) -> [String] {
        ["ec2", "stop-instances", "--region", machine.region, "--instance-ids", machine.instanceId]
    }
}
