/// Words that made-up people and organisations are put together from.
enum SeedWords {
    static let firstNames = """
        Maria Anna Peter Olga Jan Sofia Luca Emma Noah Lina Omar Fatima Yuki Wei Priya Arjun Carlos Lucia Jonas Ingrid Pierre Chloe Zofia \
        Mateusz Elena Dmitri Aisha Kwame Amara Tomas Eva Nikola Ivana Lars Freya Sven Astrid Marta Diego Camila Joao Beatriz Ahmed Layla \
        Hassan Noor Ravi Anika Mei Jun Hiro Sakura Minh Linh Ana Miguel Isla Callum Niamh Sean Owen Megan Dylan Cerys Grace Henry Alice \
        George Ruby Oscar Ivy Leo Mila Theo Nora Hugo Clara Felix Paula Emil Greta Anton Frieda Max Ida Karl Helga Otto Rosa Bruno Gina \
        Marco Giulia Paolo Chiara Andrea Sara Stefan Petra Milan Vesna Bojan Jelena Janos Katalin Istvan Zsofia Radu Ioana Mihai Elif Mehmet \
        Zeynep Emre Dana Avi Tamar Noam Yael Thabo Lerato Sipho Nandi Chidi Ngozi Ade Femi Wanjiru Otieno Abebe Selam José Zoë Søren Åsa \
        François Hélène Jürgen Börje Łukasz Żaneta Ñusta Çağla
        """.split(separator: " ").map(String.init)

    private static let heads = """
        Al Ber Car Dal Ek Fer Gar Hal Iv Jen Kov Lind Mar Nov Ols Pet Quin Ros Sand Tor Ur Vas Wal Yil Zim Bran Cald Dren Fal Grim Holm Kast \
        Lor Mor Nys Ost Pern Rask Stav Thor
        """.split(separator: " ").map(String.init)
    private static let tails = """
        berg son mann ini ez ova ski dal sen er ic a ard elli ford ton well wood house field mark stein bach eau ier enko escu oglu yan ides \
        os ak ek ik
        """.split(separator: " ").map(String.init)

    /// Smith, then everybody else: forty beginnings, thirty-six endings.
    static let lastNames =
        ["Smith", "Garcia", "Müller", "Nguyen", "Kim", "Silva", "Ivanova", "O'Brien"]
        + heads.flatMap { head in
            tails.map { head + $0 }
        }

    static let jobTitles = [
        "Account Manager", "Buyer", "Chief Executive", "Chief Financial Officer", "Consultant", "Controller", "Developer", "Director",
        "Engineer", "Head of Operations", "Head of Sales", "IT Manager", "Lawyer", "Marketing Manager", "Office Manager", "Owner",
        "Product Manager", "Purchasing Manager", "Sales Representative", "Support Engineer",
    ]
    static let departments = ["Sales", "Purchasing", "Finance", "IT", "Operations", "Legal", "Marketing", "Research", "Human Resources"]
    static let industries = [
        "Agriculture", "Automotive", "Banking", "Construction", "Education", "Energy", "Food", "Health", "Insurance", "Logistics", "Media",
        "Pharma", "Public sector", "Retail", "Software", "Telecom", "Travel",
    ]
    static let cities: [(city: String, postalCode: String, country: String, dial: String)] = [
        ("Oslo", "0150", "NO", "+472"), ("Berlin", "10115", "DE", "+4930"), ("Lyon", "69001", "FR", "+334"),
        ("Porto", "4000", "PT", "+3512"),
        ("Kraków", "30-001", "PL", "+4812"), ("Vienna", "1010", "AT", "+431"), ("Leeds", "LS1 1BA", "GB", "+44113"),
        ("Boston", "02108", "US", "+1617"), ("Austin", "73301", "US", "+1512"), ("Toronto", "M5H 2N2", "CA", "+1416"),
        ("Osaka", "530-0001", "JP", "+816"), ("Pune", "411001", "IN", "+9120"), ("Nairobi", "00100", "KE", "+25420"),
    ]
    static let streets = [
        "Main Street", "Station Road", "High Street", "Park Avenue", "Mill Lane", "Church Street", "Market Square", "Harbour Road",
    ]
    static let companyTails = ["Ltd", "GmbH", "AS", "Inc", "SA", "Group", "Labs", "Partners", "Works", "Systems"]
    static let mailDomains = ["example.com", "example.org", "example.net"]
    static let tags = ["newsletter", "vip", "event-2025", "partner", "prospect", "press", "reference", "trial"]
}
