import ArgumentParser
import Catalog
import Glibc
import Manifests

/// Which deployment a command is about.
struct DeploymentOptions: ParsableArguments {
    private static let standard = "manifests/deployments/starter.yaml"

    @Option(name: .long, help: ArgumentHelp("The deployment file.", valueName: "file"))
    var deployment = Self.standard

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The data folder, where the private PostgreSQL lies. Default: /var/lib/tessera for root, else ~/.local/share/tessera.",
            valueName: "folder"))
    var data: String?

    /// Whether the command line says which.
    var isNamed: Bool { data != nil || deployment != Self.standard }

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
            throw Failure(.wrongInput, Self.report(errors.sorted(by: Diagnostic.inReadingOrder)))
        }
        do {
            return Deployment(composition: composition, catalog: try Catalog(composition: composition), path: deployment)
        } catch {
            throw Failure(.wrongInput, Self.report(error.diagnostics))
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

    private static func report(_ diagnostics: [Diagnostic]) -> String {
        let count = diagnostics.count == 1 ? "1 error" : "\(diagnostics.count) errors"
        return "the deployment has \(count); nothing was changed\n" + diagnostics.map(\.description).joined(separator: "\n")
    }
}

/// A deployment that composed without errors.
struct Deployment {
    let composition: Composition
    let catalog: Catalog
    /// The file it was read from.
    let path: String
}
