import Shared

extension AmazonProvider {
    private static let name = "train-machine"

    /// A role and its profile for the machines, and a policy with exactly what `AmazonPermissions` asks
    /// for.
    func setup(project: String?) -> SetupText {
        let services: [JSONValue] = ["ec2.amazonaws.com", "scheduler.amazonaws.com"]
        let trust = Self.document([
            [
                "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": .object(["Service": .array(services)]),
            ]
        ])
        let ours = JSONValue.object([
            "StringEquals": .object(["aws:ResourceTag/created-by": "ai-training-engine"])
        ])
        let machine = Self.document([
            [
                "Effect": "Allow", "Action": "ec2:StopInstances", "Resource": "*",
                "Condition": ours,
            ],
            [
                "Effect": "Allow", "Action": .array(["s3:ListBucket", "s3:GetObject"]),
                "Resource": .array(["arn:aws:s3:::DATASET", "arn:aws:s3:::DATASET/*"]),
            ],
        ])
        let role = ["--role-name", Self.name]
        let profile = ["--instance-profile-name", Self.name]
        return SetupText(
            steps: [
                SetupText.Step(
                    purpose: "The machines' role: a run's buckets let it in; it reads the dataset, "
                        + "and stops the machine at the limit",
                    commands: [
                        ["aws", "iam", "create-role"] + role
                            + ["--assume-role-policy-document", trust],
                        ["aws", "iam", "put-role-policy"] + role
                            + ["--policy-name", "train", "--policy-document", machine],
                        ["aws", "iam", "create-instance-profile"] + profile,
                        ["aws", "iam", "add-role-to-instance-profile"] + profile + role,
                    ]),
                SetupText.Step(
                    purpose:
                        "Who starts runs: a policy with exactly what a start and a finish need",
                    commands: [
                        ["aws", "iam", "create-policy", "--policy-name", "train-launcher"]
                            + ["--policy-document", launcherPolicy],
                        ["aws", "iam", "attach-user-policy", "--user-name", "YOU"]
                            + ["--policy-arn", "arn:aws:iam::ACCOUNT:policy/train-launcher"],
                    ]),
            ], identity: Self.name)
    }

    /// What `AmazonPermissions` asks for, on the names that runs have.
    var launcherPolicy: String {
        let needed = AmazonPermissions.needed.map { need -> [String: JSONValue] in
            [
                "Effect": "Allow", "Action": .array(need.actions.map { .string($0) }),
                "Resource": .string(Self.names(need.resource)),
            ]
        }
        let dataset: [String: JSONValue] = [
            "Effect": "Allow", "Action": .array(["s3:ListBucket", "s3:GetBucketLocation"]),
            "Resource": "arn:aws:s3:::DATASET",
        ]
        return Self.document(needed + [dataset])
    }

    /// The resources that runs make, for the one that the simulator is asked about.
    private static func names(_ example: String) -> String {
        guard example != "*" else { return example }
        let place = example.replacing("ACCOUNT", with: "*").replacing("REGION", with: "*")
        if place.hasPrefix("s3:") {
            return "arn:aws:s3:::train*" + (place.hasSuffix("/object") ? "/*" : "")
        }
        // Of the images' parameters the path alone stands there.
        let isPath = place.hasPrefix("ssm:")
        return "arn:aws:" + place.replacing("train-doctor", with: "train*") + (isPath ? "/*" : "")
    }

    private static func document(_ statements: [[String: JSONValue]]) -> String {
        SetupText.json(
            .object([
                "Version": "2012-10-17", "Statement": .array(statements.map { .object($0) }),
            ]))
    }
}
