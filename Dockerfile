# The image of cdcsync: built from source, run without root.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src
COPY . .
RUN dotnet publish src/CdcSync.Cli -c Release --no-self-contained -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
COPY --from=build /app /app
WORKDIR /pipeline
# The landing's volume takes its owner from here.
RUN mkdir landing && chown $APP_UID landing
USER $APP_UID
ENTRYPOINT ["/app/cdcsync"]
CMD ["run", "--migrate"]
