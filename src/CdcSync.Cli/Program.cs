Console.WriteLine("cdcsync");
