import ArgumentParser
import Postgres

/// The command line: composes, runs and looks after a deployment.
@main
struct Tessera: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tessera",
        abstract: "A CRM that is composed, not configured down.",
        discussion: """
            A deployment file names the modules a CRM consists of. From it:

              tessera check                  lint the manifests, without a database
              tessera plan                   show what the database needs to match them
              tessera apply                  do it
              tessera serve                  run the CRM
              tessera import people FILE     bring data in

            Without --deployment, manifests/deployments/starter.yaml is taken. Without TESSERA_DATABASE_URL, a private PostgreSQL \
            runs in the data folder (--data).

            Exit codes: 0 done · 1 the input is wrong, or the schema differs · 2 some records failed · 3 no database · \
            64 wrong usage · 70 a fault of Tessera's own.
            """,
        version: TesseraVersion.text,
        subcommands: [
            ServeCommand.self, CheckCommand.self, PlanCommand.self, ApplyCommand.self, ImportCommand.self, ExportCommand.self,
            QueryCommand.self, FilesCommand.self, ChangesCommand.self, UndoCommand.self, HistoryCommand.self, JobsCommand.self,
            EventsCommand.self,
            TokenCommand.self, ExplainCommand.self,
            SeedCommand.self, PsqlCommand.self, DoctorCommand.self,
        ]
    )

    static func main() async {
        // Before anything else runs: what the environment says to other clients of PostgreSQL must not change what this one reads.
        ConnectionEnvironment.forget(Database.namedURL == nil ? .everything : .answers)
        await main(nil)
    }
}

/// The version of this build.
enum TesseraVersion {
    static let text = "0.1.0"
}
