using System.Globalization;

namespace CdcSync.Cli.Demo;

/// <summary>Invents the shop's values: names in several scripts, prices with cents, notes that are sometimes absent.</summary>
internal sealed class ShopGoods(Random random, DateTime now)
{
    private static readonly string[] GivenNames = ["Ada", "Zoë", "Bjørn", "Chloé", "Dmitri", "Emre", "Fatima", "Grace", "Håkon", "Inês", "Jürgen", "Kenji", "Łucja", "Mei", "Nadia", "Óscar", "Priya", "Søren", "Thandi", "美咲", "Юлия"];
    private static readonly string[] FamilyNames = ["Abbott", "Brandão", "Černý", "Dupont", "Eriksson", "Fernández", "Gruber", "O'Hara", "Ito", "Jansen", "Kowalska", "Lindqvist", "Müller", "Nguyễn", "Okafor", "Papadopoulos", "Rossi", "Şahin", "Tanaka", "Weiß", "Zhang"];
    private static readonly string[] Countries = ["DE", "FR", "SE", "PL", "PT", "IT", "JP", "US", "BR", "NG", "IN", "TR"];
    private static readonly string[] Statuses = ["new", "paid", "packed", "shipped", "delivered", "cancelled"];
    private static readonly string[] Notes = ["Leave at the door.", "Gift: no invoice in the parcel, please.", "Ring twice; the dog's name is \"Bytes\".", "Tür klemmt — bitte klopfen", "配達は午後に 🙏", "line one\nline two"];
    private static readonly string[] Reasons = ["wrong size", "damaged", "too late", "changed my mind", "not as described"];

    public int Number(int from, int to) => random.Next(from, to + 1);

    public bool OneIn(int n) => random.Next(n) == 0;

    /// <summary>A chance number from 0 up to 1.</summary>
    public double Fraction() => random.NextDouble();

    /// <summary>An address that no other customer has.</summary>
    public string Email(long id) => string.Create(CultureInfo.InvariantCulture, $"{Pick(GivenNames).ToLowerInvariant()}.{id}.{random.Next(1_000)}@example.com");

    public string FullName() => $"{Pick(GivenNames)} {Pick(FamilyNames)}";

    public string Country() => Pick(Countries);

    public string Status() => Pick(Statuses);

    public string? Note() => OneIn(4) ? Pick(Notes) : null;

    public string Reason() => Pick(Reasons);

    public string Sku() => string.Create(CultureInfo.InvariantCulture, $"SKU-{random.Next(4_000):D5}");

    /// <summary>An amount of up to <paramref name="limit"/>, with cents.</summary>
    public double Money(int limit) => random.Next(1, limit * 100) / 100.0;

    public double? Discount() => OneIn(5) ? random.Next(1, 40) / 100.0 : null;

    /// <summary>An instant of the last two years, more than an hour ago.</summary>
    public DateTime PastInstant() => now.AddHours(-1).AddMilliseconds(-random.NextInt64(730L * 24 * 3_600_000));

    private string Pick(string[] from) => from[random.Next(from.Length)];
}
