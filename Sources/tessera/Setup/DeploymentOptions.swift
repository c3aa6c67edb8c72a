import ArgumentParser
import Catalog
import Glibc
import Manifests

/// Which deployment a command is about, and where its data are.
struct DeploymentOptions: ParsableArguments {
    @OptionGroup var file: DeploymentFileOption
    @OptionGroup var folder: DataFolderOption

    var deployment: String { file.deployment }
    var data: String? { folder.data }
    var lockPath: String { file.lockPath }

    /// Whether the command line says which.
    var isNamed: Bool { data != nil || deployment != DeploymentFileOption.standard }

    /// The same for another command, as it is typed: `--deployment mine.yaml --data /srv/crm`.
    var arguments: String {
        let named = [("--deployment", deployment)] + (data.map { [("--data", $0)] } ?? [])
        return named.map { "\($0) \(Self.quoted($1))" }.joined(separator: " ")
    }

    /// A word of a shell's command line.
    private static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy { byte in
                byte &- 48 < 10 || (byte | 0x20) &- 97 < 26 || "/._-+:,@".utf8.contains(byte)
            }
        return isPlain ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }

    func load() throws -> Deployment {
        var deployment = try file.load()
        deployment.arguments = arguments
        return deployment
    }

    func writeLock(of deployment: Deployment) { file.writeLock(of: deployment) }
}

/// For commands that look at no manifest.
struct DataFolderOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The data folder, where the private PostgreSQL lies. Default: /var/lib/tessera for root, else ~/.local/share/tessera.",
            valueName: "folder"))
    var data: String?
}

/// For commands that look at no data.
struct DeploymentFileOption: ParsableArguments {
    static let standard = "manifests/deployments/starter.yaml"

    @Option(name: .long, help: ArgumentHelp("The deployment file.", valueName: "file"))
    var deployment = Self.standard

    /// Reads and checks the deployment with everything it names.
    func load() throws -> Deployment {
        guard access(deployment, R_OK) == 0 else {
            throw Failure(
                .wrongInput,
                "the deployment \(deployment) can't be read: \(String(cString: strerror(errno))). Name yours with --deployment.")
        }
        let result = Composer().compose(deployment)
        for warning in result.diagnostics where warning.severity == .warning { Console.note("\(warning)") }
        if let composition = result.composition { try checkLock(composition) }
        guard let composition = result.composition else {
            let conditions = result.partial.map(Catalog.conditionFindings) ?? []
            let errors = result.diagnostics.filter { $0.severity == .error } + conditions
            throw Self.failure(errors.sorted(by: Diagnostic.inReadingOrder))
        }
        do {
            return Deployment(composition: composition, catalog: try Catalog(composition: composition), path: deployment)
        } catch {
            throw Self.failure(error.diagnostics)
        }
    }

    /// Where the deployment's lock lies: beside its file, under its name, since a folder may hold several deployments.
    var lockPath: String {
        let stem = deployment.hasSuffix(".yaml") ? String(deployment.dropLast(5)) : deployment
        return "\(stem).\(ManifestLock.fileName)"
    }

    /// Records which modules the database was brought to. A folder that can't be written is no reason to stop.
    func writeLock(of deployment: Deployment) {
        do {
            try ManifestLock(deployment.composition).write(to: lockPath)
        } catch {
            Console.note("the lock \(lockPath) can't be written: \(error)")
        }
    }

    /// Says where the modules differ from what was locked at the last apply.
    private func checkLock(_ composition: Composition) throws {
        guard let bytes = FileSystem.disk.read(lockPath) else { return }
        let parsed = ManifestLock.parse(ManifestSource(path: lockPath, bytes: bytes))
        let differences = parsed.manifest.map { $0.differences(from: composition, lockPath: lockPath) } ?? parsed.diagnostics
        for difference in differences {
            Console.note("warning: \(difference.location): \(difference.message)")
        }
    }

    private static func failure(_ diagnostics: [Diagnostic]) -> Failure {
        let count = diagnostics.count == 1 ? "1 error" : "\(diagnostics.count) errors"
        let list = diagnostics.map(\.description).joined(separator: "\n")
        return Failure(.wrongInput, "the deployment has \(count); nothing was changed\n\(list)", findings: diagnostics)
    }
}

/// A deployment that composed without errors.
struct Deployment {
    let composition: Composition
    let catalog: Catalog
    /// The file it was read from.
    let path: String
    /// How other commands are told of it and its data folder; empty for commands that look at no data.
    var arguments = ""
}
